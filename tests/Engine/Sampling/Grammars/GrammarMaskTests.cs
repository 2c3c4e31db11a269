using System.Text;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Tests.Engine.Model.Text;
using CsCheck;

namespace Crescent.Tests.Engine.Sampling.Grammars;

public sealed class GrammarMaskTests
{
    [Fact]
    public void The_mask_holds_just_the_tokens_that_can_be_taken() => Gen.Select(RandomSchemas.Schema, Gen.Int, Gen.Int[0, 40]).Sample((schema, seed, steps) =>
        AssertMasks(GrammarWalk.Compile(GrammarSource.JsonSchema(schema.ToJsonString())), new Random(seed), steps), iter: 60);

    [Fact]
    public void So_it_does_where_nesting_comes_to_its_limit() => Gen.Int.Sample(seed =>
    {
        var state = GrammarWalk.Compile(GrammarSource.JsonObject()).Start();
        Take(state, "{\"a\":");
        var depth = 0;
        while (state.Advance(GrammarWalk.Tiny.Tokenizer.Encode("[", parseSpecial: false)[0]))
        {
            AssertMask(state);
            depth++;
        }

        Assert.InRange(depth, 50, 70);
        Take(state, "]", depth);
        Take(state, "}");
        Assert.True(state.IsComplete);
    }, iter: 1);

    [Fact]
    public void A_text_that_no_token_can_go_on_with_has_an_empty_mask()
    {
        var tokenizer = TokenizerReader.Build(new TokenizerMetadata
        {
            Path = "made.gguf",
            Model = "gpt2",
            Tokens = ["a", "b", "ab", "</s>"],
            Types = [TokenType.Normal, TokenType.Normal, TokenType.Normal, TokenType.Control],
            Merges = ["a b"],
            EndOfSequence = 3,
        });
        var state = Grammar.Compile(GrammarSource.Choice(["abc", "b"]), new TokenVocabulary(tokenizer)).Start();
        var mask = new ulong[1];
        Assert.Equal(3, state.FillMask(mask));
        Assert.Equal(0b0111UL, mask[0]);
        Assert.True(state.Advance(2));
        Assert.Equal(0, state.FillMask(mask));
        Assert.Equal(0UL, mask[0]);
        Assert.False(state.CanTerminate);
    }

    [Fact]
    public void Tokens_of_the_same_bytes_are_allowed_together()
    {
        var tokenizer = TokenizerReader.Build(SpmTokenizerTests.Made);
        var state = Grammar.Compile(GrammarSource.Choice(["a"]), new TokenVocabulary(tokenizer)).Start();
        var mask = new ulong[(tokenizer.VocabularySize + 63) / 64];
        state.FillMask(mask);
        Assert.Equal([3 + 'a', 260], GrammarWalk.Tokens(mask));
        Assert.True(state.Advance(3 + 'a'));
        Assert.True(state.IsComplete);
    }

    [Fact]
    public void Many_threads_get_the_masks_that_one_gets()
    {
        const string schema = """{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"n":{"type":"number"}},"required":["name"]}}""";
        const string text = """[{"name": "Ann", "n": 1.5}, {"name": "Bob \"é\""}]""";
        for (var round = 0; round < 20; round++)
        {
            var grammar = GrammarWalk.Compile(GrammarSource.JsonSchema(schema));
            Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ => Assert.True(grammar.Accepts(text)));
        }
    }

    private static void AssertMasks(Grammar grammar, Random random, int steps)
    {
        var state = grammar.Start();
        for (var step = 0; step < steps && !state.IsEnded; step++)
        {
            var allowed = AssertMask(state);
            Assert.True(state.Advance(allowed[random.Next(allowed.Count)]));
        }
    }

    private static List<int> AssertMask(GrammarState state)
    {
        var vocabulary = GrammarWalk.Tiny;
        var mask = new ulong[vocabulary.MaskWords];
        state.FillMask(mask);
        var expected = Enumerable.Range(0, vocabulary.Size).Where(token => state.Fork().Advance(token)).ToList();
        Assert.Equal(expected, GrammarWalk.Tokens(mask));
        return expected;
    }

    private static void Take(GrammarState state, string text, int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            foreach (var value in Encoding.UTF8.GetBytes(text))
            {
                var token = Enumerable.Range(0, GrammarWalk.Tiny.Size).First(t => GrammarWalk.Tiny.Tokenizer.TokenBytes(t).SequenceEqual([value]));
                Assert.True(state.Advance(token), $"{(char)value} is not allowed");
            }
        }
    }
}
