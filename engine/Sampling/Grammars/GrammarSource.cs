using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>What an output has to look like, as a request says it. Equal sources share one compiled grammar.</summary>
public sealed record GrammarSource
{
    [JsonConstructor]
    private GrammarSource(GrammarKind kind, string text)
    {
        Kind = kind;
        Text = text;
    }

    /// <summary>The language of <see cref="Text"/>.</summary>
    public GrammarKind Kind { get; }

    /// <summary>The schema, the expression, the texts as a JSON array, or the tools; empty for any object.</summary>
    public string Text { get; }

    /// <summary>Text that stands before the constrained part, such as the opening tag of a tool call.</summary>
    public string Before { get; init; } = "";

    /// <summary>Text that stands after it.</summary>
    public string After { get; init; } = "";

    /// <summary>A source from its parts, as <see cref="Kind"/> and <see cref="Text"/> of another give them.</summary>
    public static GrammarSource Of(GrammarKind kind, string text) => new(kind, text);

    /// <summary>Any JSON object.</summary>
    public static GrammarSource JsonObject() => new(GrammarKind.JsonObject, "");

    /// <summary>JSON valid by a schema; <see cref="JsonSchemaCompiler"/> says which part of JSON Schema is understood.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="isStrict">Whether a keyword that cannot be enforced is an error; otherwise <see cref="Grammar.Unenforced"/> tells of it.</param>
    public static GrammarSource JsonSchema(string schema, bool isStrict = true) => new(isStrict ? GrammarKind.JsonSchema : GrammarKind.LenientJsonSchema, schema);

    /// <summary>A call of one of several tools.</summary>
    public static GrammarSource ToolCall(ToolSource tools) => new(GrammarKind.ToolCall, tools.ToText());

    /// <summary>Text matched from start to end by an expression; <see cref="RegexParser"/> says which syntax is understood.</summary>
    public static GrammarSource Regex(string expression) => new(GrammarKind.Regex, expression);

    /// <summary>One of <paramref name="texts"/>.</summary>
    public static GrammarSource Choice(IEnumerable<string> texts) => new(GrammarKind.Choice, JsonSerializer.Serialize(texts));
}
