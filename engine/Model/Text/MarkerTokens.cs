using System.Text.RegularExpressions;

namespace Crescent.Engine.Model.Text;

/// <summary>Tokens that are markers by their text, whatever type a file gives them: some conversions forget to say so.</summary>
internal static partial class MarkerTokens
{
    private static readonly HashSet<string> Ends = new(StringComparer.Ordinal)
    {
        "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|endoftext|>", "<|end_of_text|>", "<|end_of_turn|>", "<|endofturn|>", "<end_of_turn>", "</s>",
        "<eos>", "<|eos|>", "<|end|>", "<|eot|>", "<|return|>", "<|call|>", "<EOT>", "<end_of_utterance>", "<｜end▁of▁sentence｜>",
    };

    // These may also be text: markup, or a word that someone writes.
    private static readonly HashSet<string> Ambiguous = new(StringComparer.Ordinal) { "</s>", "<eos>", "<EOT>" };

    /// <summary>Whether a token of that text ends an answer where it is no ordinary text.</summary>
    public static bool IsEnd(string text) => Ends.Contains(text);

    /// <summary>
    /// The type of a token: the one that it is given, but control where its text ends an answer and can be nothing else, where the file itself
    /// names it as an end, and where it looks like a marker and would be ordinary text.
    /// </summary>
    /// <param name="text">Its text.</param>
    /// <param name="type">What the file says.</param>
    /// <param name="isNamedEnd">Whether the file names it as the end of a sequence, a turn or a message.</param>
    public static TokenType TypeOf(string text, TokenType type, bool isNamedEnd) => type is TokenType.Normal or TokenType.UserDefined
        && (isNamedEnd || (Ends.Contains(text) && !Ambiguous.Contains(text)) || (type == TokenType.Normal && Marker().IsMatch(text)))
            ? TokenType.Control
            : type;

    [GeneratedRegex(@"^<\|[A-Za-z0-9_]+\|>$", RegexOptions.CultureInvariant)]
    private static partial Regex Marker();
}
