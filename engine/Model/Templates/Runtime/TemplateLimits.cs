namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>
/// Bounds on one rendering. Templates come with model files, so they are input like any other; published templates stay orders of
/// magnitude below these.
/// </summary>
internal static class TemplateLimits
{
    /// <summary>Nodes evaluated and elements visited.</summary>
    public const long Steps = 2_000_000;

    /// <summary>Code points written to all texts together, intermediate ones included.</summary>
    public const long Characters = 64_000_000;

    /// <summary>Code points of one text, the output included.</summary>
    public const int TextLength = 16_000_000;

    /// <summary>Nodes that are being evaluated inside each other, through macro calls too.</summary>
    public const int EvaluationDepth = 1_500;

    /// <summary>Constructs inside each other in the source.</summary>
    public const int SyntaxDepth = 200;

    /// <summary>Elements of one <c>range()</c>, as in Jinja's sandbox.</summary>
    public const int RangeLength = 100_000;

    /// <summary>Elements of one list made by repetition or concatenation.</summary>
    public const int ListLength = 1_000_000;

    /// <summary>Characters of a template's source.</summary>
    public const int SourceLength = 4_000_000;
}
