using System.Text;
using System.Text.Json;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Tests.Engine.Sampling.Grammars;
using CsCheck;

namespace Crescent.Tests.Engine.Sampling;

/// <summary>An output that follows a structure is whole when its tokens run out, whatever a model would rather write.</summary>
public sealed class StructureEndTests
{
    [Fact]
    public void Any_schema_is_ended_within_any_limit_that_is_long_enough() =>
        Gen.Select(RandomSchemas.Schema, Gen.Int, Gen.Int[0, 60], Gen.OneOf(Gen.Const(0f), Gen.Const(0.7f), Gen.Const(2f)), Gen.Int[0, 3]).Sample(
            (schema, seed, spare, temperature, cut) =>
            {
                var source = GrammarSource.JsonSchema(schema.ToJsonString());
                var grammar = GrammarWalk.Compile(source);
                var parameters = new SamplingParameters
                {
                    Structure = new OutputStructure(source),
                    Temperature = temperature,
                    Seed = (ulong)seed,
                    TopP = cut == 1 ? 0.9f : 1,
                    TopK = cut == 2 ? 3 : 0,
                    MinP = cut == 3 ? 0.2f : 0,
                };
                var text = Write(grammar, parameters, grammar.Start().Distance + 1 + spare, new Random(seed));
                using var value = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 200 });
                Assert.True(SchemaValidator.IsValid(value.RootElement, schema, schema), text);
            },
            iter: 400);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_structure_that_is_wanted_once_ends_the_output(bool once)
    {
        var grammar = GrammarWalk.Compile(GrammarSource.Regex("[0-9]b"));
        var tokenizer = grammar.Vocabulary.Tokenizer;
        var constraint = new OutputConstraint(grammar, "q", once);
        foreach (var token in tokenizer.Encode("aq1b", parseSpecial: false))
        {
            constraint.Observe(token);
        }

        Assert.Equal(once, constraint.IsActive);
        Assert.Equal(once, constraint.IsComplete);
        if (once)
        {
            var mask = new ulong[grammar.Vocabulary.MaskWords];
            constraint.FillMask(mask);
            Assert.All(GrammarWalk.Tokens(mask), token => Assert.True(tokenizer.IsEndOfGeneration(token)));
            constraint.Observe(tokenizer.EndOfSequence!.Value);
            Assert.True(constraint.IsEnded);
        }
    }

    [Fact]
    public void A_limit_that_leaves_room_changes_no_token()
    {
        var source = GrammarSource.JsonSchema("""{"type":"object","properties":{"a":{"type":"string","maxLength":10},"b":{"type":"integer"}},"required":["a","b"],"additionalProperties":false}""");
        var grammar = GrammarWalk.Compile(source);
        for (var seed = 0; seed < 50; seed++)
        {
            var parameters = new SamplingParameters { Structure = new OutputStructure(source), Temperature = 1, Seed = (ulong)seed };
            var unlimited = Write(grammar, parameters, int.MaxValue, new Random(seed));
            Assert.Equal(unlimited, Write(grammar, parameters, 4000, new Random(seed)));
        }
    }

    [Fact]
    public void A_token_that_would_come_too_late_to_its_end_gives_way_to_the_next_likeliest()
    {
        var source = GrammarSource.Regex("(z{40}|b{4}|c{4})");
        var grammar = GrammarWalk.Compile(source);
        var tokenizer = grammar.Vocabulary.Tokenizer;
        foreach (var (temperature, top) in new[] { (0f, (int?)null), (0.5f, null), (0f, 2), (0.5f, 2) })
        {
            var parameters = new SamplingParameters { Structure = new OutputStructure(source), Temperature = temperature, TopLogprobs = top };
            var logits = new float[tokenizer.VocabularySize];
            foreach (var (text, logit) in new[] { ("z", 99f), ("c", 60f), ("b", 20f) })
            {
                logits[tokenizer.Encode(text, parseSpecial: false).Single()] = logit;
            }

            var token = new Sampler(tokenizer, tokenizer.VocabularySize).Sample(logits, new SamplingState(parameters, [1], 0, grammar, 6), 1, out var logprobs);
            Assert.Equal("c", tokenizer.Decode([token]));
            Assert.Equal(top, logprobs?.TopTokens.Count);
            Assert.Equal(-39f, logprobs?.Chosen ?? -39, 1e-3f);
        }
    }

    /// <summary>What comes before the end token, which must come within <paramref name="maxTokens"/> tokens.</summary>
    private static string Write(Grammar grammar, SamplingParameters parameters, int maxTokens, Random random)
    {
        var tokenizer = grammar.Vocabulary.Tokenizer;
        var sampler = new Sampler(tokenizer, tokenizer.VocabularySize);
        var state = new SamplingState(parameters, [1], 0, grammar, maxTokens);
        var logits = new float[tokenizer.VocabularySize];
        var bytes = new List<byte>();
        for (var taken = 0; taken < maxTokens; taken++)
        {
            for (var i = 0; i < logits.Length; i++)
            {
                // A model that would rather never end.
                logits[i] = (float)(random.NextDouble() * 20) - (tokenizer.IsEndOfGeneration(i) ? 5 : 0);
            }

            var token = sampler.Sample(logits, state, 1 + taken, out _);
            Assert.NotEqual(SamplingRow.NoToken, token);
            if (tokenizer.IsEndOfGeneration(token))
            {
                return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. bytes]);
            }

            state.Observe(token);
            bytes.AddRange(tokenizer.TokenBytes(token));
        }

        Assert.Fail($"{maxTokens} tokens are spent on {Encoding.UTF8.GetString([.. bytes])}");
        return "";
    }
}
