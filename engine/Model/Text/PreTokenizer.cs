namespace Crescent.Engine.Model.Text;

/// <summary>
/// Cuts text into the words within which byte-pair merges happen. Written out by hand for each pattern that
/// <c>tokenizer.ggml.pre</c> names, because a scan is many times faster than a regular expression with look-ahead.
/// </summary>
internal abstract class PreTokenizer
{
    private static readonly Dictionary<string, PreTokenizer> Known = new(StringComparer.Ordinal)
    {
        ["default"] = new DefaultPreTokenizer(),
        ["gpt-2"] = new Gpt2PreTokenizer(numbersApart: false),
        ["llama-bpe"] = new LlamaPreTokenizer(numberLength: 3),

        // Phi-4, GLM-4 and SmolLM3 cut words as Llama 3 does.
        ["dbrx"] = new LlamaPreTokenizer(numberLength: 3),
        ["glm4"] = new LlamaPreTokenizer(numberLength: 3),
        ["smaug-bpe"] = new LlamaPreTokenizer(numberLength: 3),
        ["gpt-4o"] = new CasedPreTokenizer(numberLength: 3, contractions: true),
        ["llama4"] = new CasedPreTokenizer(numberLength: 3, contractions: true),
        ["tekken"] = new CasedPreTokenizer(numberLength: 1, contractions: false),
        ["qwen2"] = new LlamaPreTokenizer(numberLength: 1),
        ["qwen35"] = new LlamaPreTokenizer(numberLength: 1, marks: true),
        ["lfm2"] = new LlamaPreTokenizer(numberLength: 3),
        ["refact"] = new Gpt2PreTokenizer(numbersApart: true),
        ["smollm"] = new Gpt2PreTokenizer(numbersApart: true),
    };

    /// <summary>The names that <see cref="Find"/> answers to.</summary>
    public static IEnumerable<string> Names => Known.Keys;

    /// <summary>The pre-tokeniser of that name, or null.</summary>
    public static PreTokenizer? Find(string name) => Known.GetValueOrDefault(name);

    /// <summary>Chars in the first word of <paramref name="text"/>, which is not empty: at least 1.</summary>
    public abstract int Next(ReadOnlySpan<char> text);

    /// <summary>Chars from <paramref name="at"/> on that are of <paramref name="wanted"/>.</summary>
    protected static int Run(ReadOnlySpan<char> text, int at, CharacterClass wanted)
    {
        var end = at;
        while (CharacterClasses.At(text, end, out var length) == wanted)
        {
            end += length;
        }

        return end - at;
    }

    /// <summary>Length of an English contraction such as <c>'s</c> or <c>'ll</c> at the start of <paramref name="text"/>, else 0.</summary>
    protected static int Contraction(ReadOnlySpan<char> text, bool ignoreCase)
    {
        if (text[0] != '\'' || text.Length < 2)
        {
            return 0;
        }

        var first = Fold(text[1], ignoreCase);
        if (first is 's' or 't' or 'm' or 'd')
        {
            return 2;
        }

        var second = text.Length > 2 ? Fold(text[2], ignoreCase) : '\0';
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    /// <summary>Length of the spaces at the start: all of them at the end of the text, else all but the one that the next word takes.</summary>
    protected static int Spaces(ReadOnlySpan<char> text, int run, bool atEnd) =>
        atEnd || run == 1 ? run : run - (char.IsLowSurrogate(text[run - 1]) ? 2 : 1);

    private static char Fold(char c, bool ignoreCase) => ignoreCase && char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
}
