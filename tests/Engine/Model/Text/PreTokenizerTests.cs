using System.Text.RegularExpressions;
using Crescent.Engine.Model.Text;
using CsCheck;

namespace Crescent.Tests.Engine.Model.Text;

public sealed class PreTokenizerTests
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    // Of each class some, with the characters that patterns name; one UTF-16 unit each, as the oracle's regular expressions count units.
    private static readonly Gen<string> Text =
        Gen.OneOf<char>([.. "aZséß中ªǅ0129٣½Ⅷ  \t\n\r\u00a0\u3000\u0085'$+<=>^~|.,-_(“\u0301\u200d\u0000€srtlvemdSLRE/"])
            .Array[0, 40].Select(chars => new string(chars));

    [Theory]
    [InlineData("gpt-2", Gpt2)]
    [InlineData("smollm", @"\p{N}", Gpt2)]
    [InlineData("default", @"[\p{P}\$\+<=>\^~\|]+", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]")]
    [InlineData("llama-bpe", @"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")]
    [InlineData("qwen2", @"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")]
    [InlineData("qwen35", @"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")]
    [InlineData("gpt-4o", @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")]
    [InlineData("tekken", @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")]
    public void The_scan_cuts_where_the_patterns_cut(string name, params string[] patterns)
    {
        var words = PreTokenizer.Find(name)!;
        Text.Sample(text => Assert.Equal(ByPatterns(text, patterns), ByScan(text, words)), iter: 5_000);
    }

    [Fact]
    public void Characters_beyond_the_first_plane_are_classed_whole()
    {
        Assert.Equal(["𝓗𝓮𝓵𝓵𝓸", " 𝟙𝟚", " 😀👍"], ByScan("𝓗𝓮𝓵𝓵𝓸 𝟙𝟚 😀👍", PreTokenizer.Find("gpt-2")!));
        Assert.Equal(["a", "𝟙", "𝟚"], ByScan("a𝟙𝟚", PreTokenizer.Find("smollm")!));
        Assert.Equal(["😀abc", "𝟙𝟚𝟛", "𝟜"], ByScan("😀abc𝟙𝟚𝟛𝟜", PreTokenizer.Find("llama-bpe")!));
    }

    private static List<string> ByScan(string text, PreTokenizer words)
    {
        var cut = new List<string>();
        for (var at = 0; at < text.Length; at += cut[^1].Length)
        {
            cut.Add(text.Substring(at, words.Next(text.AsSpan(at))));
        }

        return cut;
    }

    /// <summary>Each pattern in turn splits the pieces that the one before left, into its matches and what lies between them.</summary>
    private static List<string> ByPatterns(string text, string[] patterns)
    {
        List<string> pieces = [text];
        foreach (var pattern in patterns)
        {
            pieces = [.. pieces.SelectMany(piece => Split(piece, pattern))];
        }

        return [.. pieces.Where(piece => piece.Length > 0)];
    }

    private static IEnumerable<string> Split(string piece, string pattern)
    {
        var end = 0;
        foreach (Match match in Regex.Matches(piece, pattern))
        {
            yield return piece[end..match.Index];
            yield return match.Value;
            end = match.Index + match.Length;
        }

        yield return piece[end..];
    }
}
