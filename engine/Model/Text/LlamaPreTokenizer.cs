using System.Globalization;
using System.Text;

namespace Crescent.Engine.Model.Text;

/// <summary>
/// The pattern of Llama 3 and Qwen 2:
/// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,n}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>,
/// where n is <paramref name="numberLength"/>: 3 for Llama, 1 for Qwen. With <paramref name="marks"/>, as in Qwen3.5, words are <c>[\p{L}\p{M}]+</c> and
/// what is left <c>[^\s\p{L}\p{M}\p{N}]+</c>.
/// </summary>
internal sealed class LlamaPreTokenizer(int numberLength, bool marks = false) : PreTokenizer
{
    public override int Next(ReadOnlySpan<char> text)
    {
        if (Contraction(text, ignoreCase: true) is > 0 and var contraction)
        {
            return contraction;
        }

        var first = CharacterClasses.At(text, 0, out var length);
        if (first == CharacterClass.Number)
        {
            return Numbers(text);
        }

        if (Word(text, 0) is > 0 and var word)
        {
            return word;
        }

        if (text[0] is not ('\r' or '\n') && Word(text, length) is var end && end > length)
        {
            return end;
        }

        var start = text[0] == ' ' ? 1 : 0;
        return CharacterClasses.At(text, start, out _) is CharacterClass.Punctuation or CharacterClass.Other
            ? Others(text, start)
            : Blanks(text);
    }

    /// <summary>End of the letters, and marks, from <paramref name="at"/> on.</summary>
    private int Word(ReadOnlySpan<char> text, int at)
    {
        at += Run(text, at, CharacterClass.Letter);
        while (marks && IsMark(text, at, out var length))
        {
            at += length;
            at += Run(text, at, CharacterClass.Letter);
        }

        return at;
    }

    private static bool IsMark(ReadOnlySpan<char> text, int at, out int length)
    {
        length = 0;
        if (at >= text.Length || char.IsAscii(text[at]))
        {
            return false;
        }

        Rune.DecodeFromUtf16(text[at..], out var rune, out length);
        return Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
    }

    private int Numbers(ReadOnlySpan<char> text)
    {
        var end = 0;
        for (var taken = 0; taken < numberLength && CharacterClasses.At(text, end, out var length) == CharacterClass.Number; taken++)
        {
            end += length;
        }

        return end;
    }

    private int Others(ReadOnlySpan<char> text, int at)
    {
        while (CharacterClasses.At(text, at, out var length) is CharacterClass.Punctuation or CharacterClass.Other && !(marks && IsMark(text, at, out _)))
        {
            at += length;
        }

        while (at < text.Length && text[at] is '\r' or '\n')
        {
            at++;
        }

        return at;
    }

    private static int Blanks(ReadOnlySpan<char> text)
    {
        var spaces = Run(text, 0, CharacterClass.Space);
        var lastBreak = text[..spaces].LastIndexOfAny('\r', '\n');
        return lastBreak >= 0 ? lastBreak + 1 : Spaces(text, spaces, spaces == text.Length);
    }
}
