namespace Crescent.Engine.Model.Text;

/// <summary>
/// The pattern for files that name none: runs of <c>[\p{P}$+&lt;=&gt;^~|]</c> are cut out first, GPT-2's pattern splits what
/// lies between, numbers leave the space before them, and three ASCII digits are a word.
/// </summary>
internal sealed class DefaultPreTokenizer : PreTokenizer
{
    public override int Next(ReadOnlySpan<char> text)
    {
        if (IsMark(text, 0, out _))
        {
            return Marks(text);
        }

        var start = text[0] == ' ' ? 1 : 0;
        switch (CharacterClasses.At(text, start, out _))
        {
            case CharacterClass.Letter:
                return start + Run(text, start, CharacterClass.Letter);
            case CharacterClass.Number:
                return start == 1 ? 1 : Numbers(text);
            case CharacterClass.Other when !IsMark(text, start, out _):
                return Others(text, start);
        }

        var spaces = Run(text, 0, CharacterClass.Space);
        return Spaces(text, spaces, spaces == text.Length || IsMark(text, spaces, out _));
    }

    private static bool IsMark(ReadOnlySpan<char> text, int at, out int length) => CharacterClasses.At(text, at, out length) switch
    {
        CharacterClass.Punctuation => true,
        CharacterClass.Other => text[at] is '$' or '+' or '<' or '=' or '>' or '^' or '~' or '|',
        _ => false,
    };

    private static int Marks(ReadOnlySpan<char> text)
    {
        var end = 0;
        while (IsMark(text, end, out var length))
        {
            end += length;
        }

        return end;
    }

    private static int Others(ReadOnlySpan<char> text, int at)
    {
        while (CharacterClasses.At(text, at, out var length) == CharacterClass.Other && !IsMark(text, at, out _))
        {
            at += length;
        }

        return at;
    }

    private static int Numbers(ReadOnlySpan<char> text)
    {
        var run = Run(text, 0, CharacterClass.Number);
        for (var at = 0; at + 3 <= run; at++)
        {
            if (char.IsAsciiDigit(text[at]) && char.IsAsciiDigit(text[at + 1]) && char.IsAsciiDigit(text[at + 2]))
            {
                return at == 0 ? 3 : at;
            }
        }

        return run;
    }
}
