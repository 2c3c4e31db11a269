using Crescent.Engine.Model.Text;
using CsCheck;

namespace Crescent.Tests.Engine.Model.Text;

public sealed class ByteLevelTokenizerTests
{
    private static readonly string[] Parts =
        ["the", " of", " apples", "Step 1: ", "12", "'s", "  ", "\n\n", "é", "ß", "中文", "😀", "👨‍👩‍👧", "\u0000", "\U0010ffff", "ͯ", "<|im_end|>", "<|", "=", "x"];

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.OneOf<string>(Parts).Array[0, 20].Select(string.Concat),
        Gen.Int[0, 0x10ffff].Where(c => c is < 0xd800 or > 0xdfff).Array[0, 20].Select(cs => string.Concat(cs.Select(char.ConvertFromUtf32))));

    [Fact]
    public void Any_text_comes_back_from_its_tokens()
    {
        var tokenizer = Tokenizers.Tiny;
        Text.Sample(text => Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text, parseSpecial: false))), iter: 3_000);
        Text.Sample(text => Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text, parseSpecial: true), withSpecial: true)), iter: 3_000);
    }

    [Fact]
    public void Half_a_surrogate_pair_becomes_a_replacement_character()
    {
        Assert.Equal("\ufffd", ThereAndBack("\ud800"));
        Assert.Equal("a\ufffdb", ThereAndBack("a\udc00b"));
        Assert.Equal("x\ufffd", ThereAndBack("x\ud83d"));
        Assert.Equal("😀\ufffd", ThereAndBack("😀\ude00"));

        static string ThereAndBack(string text) => Tokenizers.Tiny.Decode(Tokenizers.Tiny.Encode(text, parseSpecial: true));
    }

    [Fact]
    public void The_heap_merges_a_word_as_the_library_does()
    {
        var tokenizer = Tokenizers.Tiny;
        var metadata = Tokenizers.Metadata(TestFiles.TinyModel);
        var heap = new LongWordMerge(metadata.Tokens, BytePairMerge.ReadAll(metadata));
        var word = Gen.OneOf(
            Gen.OneOf<string>("apple", "banana", "step", "answer", "a", "s", "é", "ing", "tion", "ss").Array[1, 25].Select(string.Concat),
            Gen.OneOf<char>([.. "aesténé中"]).Array[1, 60].Select(chars => new string(chars)));
        word.Sample(text =>
        {
            var tokens = new List<int>();
            heap.Encode(text, tokens);
            Assert.Equal(tokenizer.Encode(text, parseSpecial: false), tokens);
        }, iter: 3_000);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("=")]
    [InlineData("\n")]
    [InlineData("中é")]
    public void A_word_of_half_a_million_characters_is_merged_as_its_short_form_is(string unit)
    {
        var tokenizer = Tokenizers.Tiny;
        var text = string.Concat(Enumerable.Repeat(unit, 500_000 / unit.Length));
        var tokens = tokenizer.Encode(text, parseSpecial: true);
        Assert.Equal(text, tokenizer.Decode(tokens));

        // Merges are local: away from the ends, a run looks the same however long it is.
        var shorter = tokenizer.Encode(string.Concat(Enumerable.Repeat(unit, 256 / unit.Length)), parseSpecial: true);
        Assert.Equal(shorter[..(shorter.Length / 2)], tokens[..(shorter.Length / 2)]);
    }

    [Fact]
    public void Many_threads_get_the_tokens_that_one_gets()
    {
        var path = TestFiles.TinyModel;
        var texts = Goldens.Read(TestFiles.Project("models", "crescent-tiny.goldens.json")).Tokenizer;
        var cold = Tokenizers.Read(path);
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, worker =>
        {
            for (var i = 0; i < texts.Count; i++)
            {
                var (text, ids, plain) = texts[(i + (worker * 31)) % texts.Count];
                Assert.Equal(ids, cold.Encode(text, parseSpecial: true));
                Assert.Equal(plain, cold.Encode(text, parseSpecial: false));
            }
        });
    }

    [Fact]
    public void More_words_than_the_cache_holds_keep_their_tokens()
    {
        var tokenizer = Tokenizers.Tiny;
        var text = string.Join(' ', Enumerable.Range(0, 140_000).Select(Letters));
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text, parseSpecial: false)));
        Assert.Equal(tokenizer.Encode("Hello, world!", false), Tokenizers.Read(TestFiles.TinyModel).Encode("Hello, world!", false));
    }

    [Fact]
    public void Llama_3_takes_a_word_that_is_a_token_where_its_merges_would_not_lead()
    {
        // "ab" and "c" merge, so "bc" is never made on the way to "abc", and "cb" is made by nothing.
        var metadata = new TokenizerMetadata
        {
            Path = "made.gguf",
            Model = "gpt2",
            Pre = "llama-bpe",
            Tokens = ["a", "b", "c", "ab", "abc", "acb"],
            Types = [.. Enumerable.Repeat(TokenType.Normal, 6)],
            Merges = ["a b", "ab c"],
        };
        Assert.Equal([5], TokenizerReader.Build(metadata).Encode("acb", parseSpecial: false));
        Assert.Equal([0, 2, 1], TokenizerReader.Build(metadata with { Pre = "gpt-2" }).Encode("acb", parseSpecial: false));
    }

    private static string Letters(int number)
    {
        Span<char> letters = stackalloc char[4];
        foreach (ref var letter in letters)
        {
            (letter, number) = ((char)('a' + (number % 26)), number / 26);
        }

        return new string(letters);
    }
}
