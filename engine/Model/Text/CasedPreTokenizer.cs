using System.Globalization;
using System.Text;

namespace Crescent.Engine.Model.Text;

/// <summary>
/// The pattern of GPT-4o (o200k) and of Tekken, which cuts words where a small letter is followed by a capital one. With
/// U = <c>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]</c>, L = <c>[\p{Ll}\p{Lm}\p{Lo}\p{M}]</c> and C = <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)?</c>:
/// <c>[^\r\n\p{L}\p{N}]?U*L+C|[^\r\n\p{L}\p{N}]?U+L*C|\p{N}{1,n}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>, where n is
/// <paramref name="numberLength"/> and C is left out without <paramref name="contractions"/>.
/// </summary>
internal sealed class CasedPreTokenizer(int numberLength, bool contractions) : PreTokenizer
{
    /// <summary>What a word's pattern tells apart; both are letters without case, and marks.</summary>
    [Flags]
    private enum Case
    {
        None = 0,
        Upper = 1,
        Lower = 2,
    }

    public override int Next(ReadOnlySpan<char> text)
    {
        var first = CharacterClasses.At(text, 0, out var length);
        var prefix = first is not (CharacterClass.Letter or CharacterClass.Number) && text[0] is not ('\r' or '\n') ? length : 0;
        var end = Word(text, prefix);
        if (end > 0)
        {
            return end + (contractions && end < text.Length ? Contraction(text[end..], ignoreCase: true) : 0);
        }

        if (first == CharacterClass.Number)
        {
            return Numbers(text);
        }

        var start = text[0] == ' ' ? 1 : 0;
        return CharacterClasses.At(text, start, out _) is CharacterClass.Punctuation or CharacterClass.Other ? Others(text, start) : Blanks(text);
    }

    /// <summary>End of the word that begins with or without the prefix, or 0.</summary>
    private static int Word(ReadOnlySpan<char> text, int prefix)
    {
        if (prefix > 0 && LowerWord(text, prefix) is > 0 and var lower)
        {
            return lower;
        }

        if (LowerWord(text, 0) is > 0 and var plain)
        {
            return plain;
        }

        return prefix > 0 && UpperWord(text, prefix) is > 0 and var upper ? upper : UpperWord(text, 0);
    }

    /// <summary>End of U*L+ from <paramref name="start"/> on, or 0. Capitals give back what may end the word, the last first.</summary>
    private static int LowerWord(ReadOnlySpan<char> text, int start)
    {
        var end = RunOf(text, start, Case.Upper);
        var small = RunOf(text, end, Case.Lower);
        if (small > end)
        {
            return small;
        }

        for (var at = end; at > start;)
        {
            at -= at - start > 1 && char.IsLowSurrogate(text[at - 1]) ? 2 : 1;
            if ((CaseAt(text, at, out _) & Case.Lower) != 0)
            {
                return RunOf(text, at, Case.Lower);
            }
        }

        return 0;
    }

    /// <summary>End of U+L* from <paramref name="start"/> on, or 0.</summary>
    private static int UpperWord(ReadOnlySpan<char> text, int start)
    {
        var end = RunOf(text, start, Case.Upper);
        return end == start ? 0 : RunOf(text, end, Case.Lower);
    }

    private static int RunOf(ReadOnlySpan<char> text, int at, Case wanted)
    {
        while ((CaseAt(text, at, out var length) & wanted) != 0)
        {
            at += length;
        }

        return at;
    }

    private static Case CaseAt(ReadOnlySpan<char> text, int at, out int length)
    {
        length = 1;
        if (at >= text.Length)
        {
            return Case.None;
        }

        if (char.IsAscii(text[at]))
        {
            return char.IsAsciiLetterUpper(text[at]) ? Case.Upper : char.IsAsciiLetterLower(text[at]) ? Case.Lower : Case.None;
        }

        Rune.DecodeFromUtf16(text[at..], out var rune, out length);
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => Case.Upper,
            UnicodeCategory.LowercaseLetter => Case.Lower,
            UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
                or UnicodeCategory.EnclosingMark => Case.Upper | Case.Lower,
            _ => Case.None,
        };
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

    private static int Others(ReadOnlySpan<char> text, int at)
    {
        while (CharacterClasses.At(text, at, out var length) is CharacterClass.Punctuation or CharacterClass.Other)
        {
            at += length;
        }

        while (at < text.Length && text[at] is '\r' or '\n' or '/')
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
