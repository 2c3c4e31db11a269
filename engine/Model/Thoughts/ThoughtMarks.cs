namespace Crescent.Engine.Model.Thoughts;

/// <summary>The strings between which a model writes what it thinks before it answers.</summary>
/// <param name="Opening">Stands before it: in the answer, or at the end of the prompt.</param>
/// <param name="Closing">Stands behind it.</param>
public sealed record ThoughtMarks(string Opening, string Closing)
{
    private static readonly ThoughtMarks[] Known =
    [
        new("<think>", "</think>"), new("[THINK]", "[/THINK]"), new("<seed:think>", "</seed:think>"),

        // Gemma 4 and Granite 3.2.
        new("<|channel>thought", "<channel|>"), new("Here is my thought process:", "Here is my response:"),
    ];

    /// <summary>Those that a chat template tells of; null where the model was not taught to think.</summary>
    /// <param name="templateSource">Jinja source of the chat template.</param>
    public static ThoughtMarks? Detect(string templateSource) => Array.Find(Known, marks => templateSource.Contains(marks.Closing, StringComparison.Ordinal));

    /// <summary>Whether a control token of that name is one of them, or a part of one.</summary>
    public bool Has(string controlToken) => controlToken.Length > 0 && (controlToken == Closing || Opening.StartsWith(controlToken, StringComparison.Ordinal));

    /// <summary>Whether an answer to a prompt that ends with <paramref name="end"/> begins within a thought.</summary>
    public bool IsOpenBehind(string end) => end.AsSpan().TrimEnd().EndsWith(Opening, StringComparison.Ordinal);
}
