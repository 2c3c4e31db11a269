namespace Crescent.Engine.Model.Text;

/// <summary>
/// GPT-2's pattern <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>; with
/// <paramref name="numbersApart"/> every number character is first cut out as a word of its own, as SmolLM does.
/// </summary>
internal sealed class Gpt2PreTokenizer(bool numbersApart) : PreTokenizer
{
    public override int Next(ReadOnlySpan<char> text)
    {
        var first = CharacterClasses.At(text, 0, out var length);
        if (numbersApart && first == CharacterClass.Number)
        {
            return length;
        }

        if (Contraction(text, ignoreCase: false) is > 0 and var contraction)
        {
            return contraction;
        }

        var start = text[0] == ' ' ? 1 : 0;
        switch (start == 0 ? first : CharacterClasses.At(text, 1, out _))
        {
            case CharacterClass.Letter:
                return start + Run(text, start, CharacterClass.Letter);
            case CharacterClass.Number when !numbersApart:
                return start + Run(text, start, CharacterClass.Number);
            case CharacterClass.Punctuation or CharacterClass.Other:
                return Others(text, start);
        }

        var spaces = Run(text, 0, CharacterClass.Space);
        var next = CharacterClasses.At(text, spaces, out _);
        return Spaces(text, spaces, next == CharacterClass.End || (numbersApart && next == CharacterClass.Number));
    }

    private static int Others(ReadOnlySpan<char> text, int at)
    {
        while (CharacterClasses.At(text, at, out var length) is CharacterClass.Punctuation or CharacterClass.Other)
        {
            at += length;
        }

        return at;
    }
}
