using System.Text.RegularExpressions;
using Crescent.Engine.Sampling.Grammars;
using CsCheck;

namespace Crescent.Tests.Engine.Sampling.Grammars;

public sealed class RegexGrammarTests
{
    private static readonly Gen<string> Expression = Gen.Recursive<string>((depth, inner) => depth > 3 ? Atom : Gen.OneOf(
        Atom,
        inner.Array[1, 3].Select(string.Concat),
        inner.Array[2, 3].Select(parts => $"(?:{string.Join('|', parts)})"),
        Gen.Select(inner, Gen.OneOf<string>("*", "+", "?", "{2}", "{0,2}", "{1,}", "*?"), (part, times) => $"({part}){times}")));

    private static Gen<string> Atom => Gen.OneOf<string>(
        "a", "b", "é", "中", "😀", "\\.", "\\d", "[a-c]", "[^a-y]", "[é-ü]", "[\\d_-]", "\\x41", "\\u00e9", "the", " ");

    [Fact]
    public void Whatever_is_written_matches_the_expression() => Gen.Select(Expression, Gen.Int).Sample((expression, seed) =>
    {
        var grammar = GrammarWalk.Compile(GrammarSource.Regex(expression));
        for (var i = 0; i < 3; i++)
        {
            Assert.True(Matches(expression, GrammarWalk.Random(grammar, seed + i, free: 8)));
        }
    }, iter: 400);

    [Fact]
    public void A_text_is_allowed_just_where_the_expression_matches_it() => Gen.Select(Expression, Gen.OneOf<string>(
        "", "a", "b", "ab", "aab", "é", "中", "😀", ".", "7", "the", "the ", "A", "cab", "__", "aaaa", " ").Array[3]).Sample((expression, texts) =>
    {
        var grammar = GrammarWalk.Compile(GrammarSource.Regex(expression));
        Assert.All(texts.Append(string.Concat(texts)), text => Assert.Equal(Matches(expression, text), grammar.Accepts(text)));
    }, iter: 1_000);

    [Theory]
    [InlineData(@"^\d{3}-\d{4}$", "555-1234", "5551234")]
    [InlineData("a|b|", "", "c")]
    [InlineData("(?<year>[0-9]{4})", "2026", "26")]
    [InlineData(@"\u{1F600}\ud83d\ude00", "😀😀", "😀")]
    [InlineData(@"[\]\-\\]+", @"]-\", "[")]
    [InlineData(@"\s\w\S\W\D", "\u00a0_é-x", " _é-1")]
    [InlineData("a.c", "a中c", "a\nc")]
    [InlineData(@"\t\n\r\f\v\0", "\t\n\r\f\v\0", "t")]
    [InlineData(@"\p{Lu}\p{L}+\P{L}", "Ýéa1", "ýé1")]
    [InlineData("(a$)|b(c|$)", "bc", "ab")]
    [InlineData(@"(?!.*\.\.)[a.]+", "a.a.a", "a..a")]
    [InlineData("(?=.{3}$)[a-z]*", "abc", "abcd")]
    [InlineData("a(?!b)[a-c]{1,2}(?=d)[d-z]", "accd", "abcd")]
    [InlineData("(x(?!y)[yz]){2}", "xzxz", "xyxz")]
    [InlineData("(?!^a|^b)[a-c]", "c", "b")]
    [InlineData("^(?=^.b)(?!^a)[a-c]{2}$", "cb", "ab")]
    public void Expressions_mean_what_they_mean_elsewhere(string expression, string allowed, string refused)
    {
        var grammar = GrammarWalk.Compile(GrammarSource.Regex(expression));
        Assert.True(grammar.Accepts(allowed));
        Assert.False(grammar.Accepts(refused));
    }

    [Theory]
    [InlineData("a(?=b)", "no finite text")]
    [InlineData("((?=b)a?)*", "looking ahead within a repetition without limit")]
    [InlineData("(?<=a)b", "regex at 0: looking behind")]
    [InlineData("(?i)a", "regex at 0: looking behind")]
    [InlineData(@"(a)\1", @"regex at 5: \1 is not supported")]
    [InlineData(@"\bword", @"\b is not supported")]
    [InlineData(@"\p{Emoji}", @"\p takes a general category")]
    [InlineData("a^b", "'^' is understood only at the beginning")]
    [InlineData("a$b", "no finite text")]
    [InlineData("(a", "regex at 0: the group is not closed")]
    [InlineData("a)", "')' is not expected")]
    [InlineData("[a", "the class is not closed")]
    [InlineData("[b-a]", "goes from a character to a later one")]
    [InlineData("*a", "'*' has nothing to repeat")]
    [InlineData("a{2,1}", "a repetition is {m}, {m,} or {m,n}")]
    [InlineData("a{99999}", "numbers up to 10000")]
    [InlineData("a**", "a repetition of a repetition")]
    [InlineData("a\\", "a backslash at the end")]
    [InlineData(@"\xZZ", "2 hexadecimal digits")]
    [InlineData(@"\ud800", "U+D800 is no character")]
    [InlineData("((a{1000}){1000}){1000}", "the grammar needs more than")]
    [InlineData("[^\\s\\S]", "no finite text")]
    public void What_is_not_understood_is_named(string expression, string message)
    {
        var fault = Assert.Throws<GrammarException>(() => GrammarWalk.Compile(GrammarSource.Regex(expression)));
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_of_a_character_is_named_wherever_it_stands()
    {
        foreach (var expression in new[] { "\ud83d", "\\\ud83d", "[\ude00]", "[\\\ud83d-z]", "a\\\ude00" })
        {
            Assert.Contains("half of a surrogate pair", Assert.Throws<GrammarException>(() => GrammarWalk.Compile(GrammarSource.Regex(expression))).Message, StringComparison.Ordinal);
        }

        Assert.True(GrammarWalk.Compile(GrammarSource.Regex("\\😀[\\😀]")).Accepts("😀😀"));
    }

    [Fact]
    public void Nothing_many_times_is_nothing() =>
        Assert.True(GrammarWalk.Compile(GrammarSource.Regex("((((){9999}){9999}){9999}){9999}")).Accepts(""));

    /// <summary>The oracle counts UTF-16 units: what stands for one character beyond them is put as a group of two.</summary>
    private static bool Matches(string expression, string text)
    {
        var units = expression
            .Replace("😀", "(?:😀)", StringComparison.Ordinal)
            .Replace("[^a-y]", @"(?:[^a-y\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])", StringComparison.Ordinal);
        return Regex.IsMatch(text, $@"\A(?:{units})\z", RegexOptions.NonBacktracking);
    }
}
