using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Crescent.Engine.Model.Text;

/// <summary>The classes of code points that pre-tokenising patterns tell apart: <c>\p{L}</c>, <c>\p{N}</c>, <c>\s</c> and the rest.</summary>
internal enum CharacterClass : byte
{
    /// <summary>Past the end of the text.</summary>
    End,

    /// <summary><c>\p{L}</c></summary>
    Letter,

    /// <summary><c>\p{N}</c></summary>
    Number,

    /// <summary><c>\s</c>: the White_Space property.</summary>
    Space,

    /// <summary><c>\p{P}</c>: a part of <c>[^\s\p{L}\p{N}]</c> that only the default pattern tells from the rest of it.</summary>
    Punctuation,

    /// <summary>Everything else: marks, symbols, controls, unassigned.</summary>
    Other,
}

internal static class CharacterClasses
{
    private static readonly CharacterClass[] Ascii = [.. Enumerable.Range(0, 128).Select(c => Classify(new Rune(c)))];

    /// <summary>The class of the code point at <paramref name="at"/>, and how many chars it takes; a lone surrogate counts as U+FFFD.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CharacterClass At(ReadOnlySpan<char> text, int at, out int length)
    {
        if ((uint)at >= (uint)text.Length)
        {
            length = 0;
            return CharacterClass.End;
        }

        length = 1;
        var c = text[at];
        return c < 128 ? Ascii[c] : Beyond(text, at, out length);
    }

    private static CharacterClass Beyond(ReadOnlySpan<char> text, int at, out int length)
    {
        Rune.DecodeFromUtf16(text[at..], out var rune, out length);
        return Classify(rune);
    }

    private static CharacterClass Classify(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        _ when Rune.IsWhiteSpace(rune) => CharacterClass.Space,
        <= UnicodeCategory.OtherLetter => CharacterClass.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
        >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation => CharacterClass.Punctuation,
        _ => CharacterClass.Other,
    };
}
