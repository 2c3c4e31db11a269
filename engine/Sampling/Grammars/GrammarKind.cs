namespace Crescent.Engine.Sampling.Grammars;

/// <summary>In what language a <see cref="GrammarSource"/> says which texts are allowed.</summary>
public enum GrammarKind
{
    /// <summary>Any JSON object.</summary>
    JsonObject,

    /// <summary>JSON that is valid by a schema, of which all must be enforced.</summary>
    JsonSchema,

    /// <summary>Text that a regular expression matches from start to end.</summary>
    Regex,

    /// <summary>One of a list of texts.</summary>
    Choice,

    /// <summary>JSON that is valid by as much of a schema as can be enforced.</summary>
    LenientJsonSchema,

    /// <summary>A call of one of several tools, as <see cref="ToolSource"/> says.</summary>
    ToolCall,
}
