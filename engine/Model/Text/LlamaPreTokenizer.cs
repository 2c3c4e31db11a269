namespace Crescent.Engine.Model.Text;

/// <summary>
/// The pattern of Llama 3 and Qwen 2:
/// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,n}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>,
/// where n is <paramref name="numberLength"/>: 3 for Llama, 1 for Qwen.
/// </summary>
internal sealed class LlamaPreTokenizer(int numberLength) : PreTokenizer
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

        if (first == CharacterClass.Letter)
        {
            return Run(text, 0, CharacterClass.Letter);
        }

        if (text[0] is not ('\r' or '\n') && CharacterClasses.At(text, length, out _) == CharacterClass.Letter)
        {
            return length + Run(text, length, CharacterClass.Letter);
        }

        var start = text[0] == ' ' ? 1 : 0;
        return CharacterClasses.At(text, start, out _) is CharacterClass.Punctuation or CharacterClass.Other
            ? Others(text, start)
            : Blanks(text);
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
