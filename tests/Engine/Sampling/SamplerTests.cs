using System.Text;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Tests.Engine.Scheduling;
using CsCheck;

namespace Crescent.Tests.Engine.Sampling;

public class SamplerTests
{
    private const int Vocabulary = 128;

    private readonly Sampler _sampler = new(new LetterTokenizer(), Vocabulary);

    [Fact]
    public void Temperature_zero_takes_the_likeliest_token() => Assert.Equal(42, Sample(Peak(42, 3), new SamplingParameters()));

    [Fact]
    public void Draws_follow_the_distribution()
    {
        var logits = new float[Vocabulary];
        Array.Fill(logits, float.NegativeInfinity);
        logits[3] = MathF.Log(0.5f);
        logits[7] = MathF.Log(0.3f);
        logits[9] = MathF.Log(0.2f);
        var counts = Draw(logits, new SamplingParameters { Temperature = 1 }, 20_000);
        Assert.InRange(counts[3] / 20_000.0, 0.48, 0.52);
        Assert.InRange(counts[7] / 20_000.0, 0.28, 0.32);
        Assert.InRange(counts[9] / 20_000.0, 0.18, 0.22);
    }

    [Fact]
    public void What_is_thrown_while_a_token_is_drawn_is_thrown_on()
    {
        var fails = false;
        var grammar = Grammar.Compile(GrammarSource.Regex("[a-z]{3}"), new TokenVocabulary(new FaultyTokenizer(new LetterTokenizer(), () => fails)));
        var state = new SamplingState(SamplingParameters.Greedy, [1], 0, grammar, maxTokens: 10);
        fails = true;
        Assert.Throws<DecoderFallbackException>(() => _sampler.Sample(Peak(42, 3), state, 1, out _));
        fails = false;
        Assert.InRange(_sampler.Sample(Peak(42, 3), state, 1, out _), 'a', 'z');
    }

    [Theory]
    [InlineData(0.5f, new[] { 3 })]
    [InlineData(0.51f, new[] { 3, 7 })]
    [InlineData(0.9f, new[] { 3, 7, 9 })]
    public void Top_p_keeps_the_likeliest_that_reach_it(float topP, int[] kept)
    {
        var logits = new float[Vocabulary];
        Array.Fill(logits, -30);
        logits[3] = MathF.Log(0.5f);
        logits[7] = MathF.Log(0.3f);
        logits[9] = MathF.Log(0.2f);
        Assert.Equal(kept, Draw(logits, new SamplingParameters { Temperature = 1, TopP = topP }, 3_000).Keys.Order());
    }

    [Fact]
    public void Top_k_and_min_p_cut_the_tail()
    {
        var logits = Enumerable.Range(0, Vocabulary).Select(static i => -0.1f * i).ToArray();
        Assert.Equal([0, 1, 2, 3], Draw(logits, new SamplingParameters { Temperature = 1, TopK = 4 }, 3_000).Keys.Order());

        // exp(-0.1 i) >= 0.75 up to i = 2.
        Assert.Equal([0, 1, 2], Draw(logits, new SamplingParameters { Temperature = 1, MinP = 0.75f }, 3_000).Keys.Order());
    }

    [Fact]
    public void Bias_forbids_and_forces_tokens()
    {
        Assert.Equal(5, Sample(Peak(42, 3), new SamplingParameters { LogitBias = new Dictionary<int, float> { [5] = 100 } }));
        Assert.NotEqual(42, Sample(Peak(42, 3), new SamplingParameters { LogitBias = new Dictionary<int, float> { [42] = -100 } }));
    }

    [Fact]
    public void No_end_before_the_minimum_length()
    {
        var parameters = new SamplingParameters { MinTokens = 2 };
        var state = new SamplingState(parameters, [1, 2], 0);
        Assert.NotEqual(0, _sampler.Sample(Peak(0, 5), state, 2, out _));
        state.Observe(7);
        state.Observe(7);
        Assert.Equal(0, _sampler.Sample(Peak(0, 5), state, 4, out _));
    }

    [Fact]
    public void Presence_and_frequency_count_the_output_alone_and_repetition_the_prompt_as_well()
    {
        // Token 42 leads by 1; it stands in the prompt once and nowhere in the output.
        int[] prompt = [42];
        Assert.Equal(42, Sample(Peak(42, 1), new SamplingParameters { PresencePenalty = 2, FrequencyPenalty = 2 }, prompt));
        Assert.NotEqual(42, Sample(Peak(42, 1, floor: 0.9f), new SamplingParameters { RepetitionPenalty = 2 }, prompt));

        // Resumed output counts as output.
        Assert.NotEqual(42, Sample(Peak(42, 1), new SamplingParameters { PresencePenalty = 1.5f }, [1, 42], resumed: 1));
        Assert.Equal(42, Sample(Peak(42, 3), new SamplingParameters { FrequencyPenalty = 1 }, [1, 42, 42], resumed: 2));
        Assert.NotEqual(42, Sample(Peak(42, 3), new SamplingParameters { FrequencyPenalty = 1.6f }, [1, 42, 42], resumed: 2));
    }

    [Fact]
    public void Logprobs_are_the_models_own_whatever_the_sampling()
    {
        var logits = new float[Vocabulary];
        logits[4] = 2;
        logits[6] = 1;
        var normaliser = MathF.Log(MathF.Exp(2) + MathF.Exp(1) + (Vocabulary - 2));
        var parameters = new SamplingParameters { TopLogprobs = 3, LogitBias = new Dictionary<int, float> { [9] = 50 }, Temperature = 0.5f };
        var token = _sampler.Sample(logits, new SamplingState(parameters, [1], 0), 1, out var logprobs);
        Assert.Equal(9, token);
        Assert.Equal(-normaliser, logprobs!.Chosen, 1e-4f);
        Assert.Equal([4, 6, 0], logprobs.TopTokens);
        Assert.Equal(2 - normaliser, logprobs.TopLogprobs[0], 1e-4f);
        Assert.Equal(1 - normaliser, logprobs.TopLogprobs[1], 1e-4f);
    }

    [Fact]
    public void The_same_seed_and_position_give_the_same_token_and_others_differ() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 10_000], Gen.Float[0.1f, 2], Gen.Float[0.05f, 1], Gen.Int[0, 200], Gen.Float[0, 0.9f]).Sample(
            (seed, position, temperature, topP, topK, minP) =>
            {
                var parameters = new SamplingParameters { Temperature = temperature, TopP = topP, TopK = topK, MinP = minP, Seed = seed };
                var random = new Random((int)(seed % int.MaxValue));
                var logits = Enumerable.Range(0, Vocabulary).Select(_ => (random.NextSingle() * 20) - 10).ToArray();
                var state = new SamplingState(parameters, [1], 0);
                var other = new Sampler(new LetterTokenizer(), Vocabulary);
                other.Sample(Peak(3, 1), state, position + 1, out _);

                // Samples run side by side, and a sampler serves one thread.
                var first = new Sampler(new LetterTokenizer(), Vocabulary).Sample(logits.ToArray(), state, position, out _);
                Assert.Equal(first, other.Sample(logits.ToArray(), state, position, out _));
                Assert.InRange(first, 0, Vocabulary - 1);
            });

    [Fact]
    public void A_draw_is_uniform_over_seeds_and_positions()
    {
        var bySeed = Enumerable.Range(0, 50_000).Average(static i => CounterRandom.NextUniform((ulong)i, 5));
        var byPosition = Enumerable.Range(0, 50_000).Average(static i => CounterRandom.NextUniform(5, i));
        Assert.InRange(bySeed, 0.49, 0.51);
        Assert.InRange(byPosition, 0.49, 0.51);
    }

    private static float[] Peak(int token, float height, float floor = 0)
    {
        var logits = new float[Vocabulary];
        Array.Fill(logits, floor);
        logits[token] = height;
        return logits;
    }

    private int Sample(float[] logits, SamplingParameters parameters, int[]? prompt = null, int resumed = 0) =>
        _sampler.Sample(logits, new SamplingState(parameters, prompt ?? [1], resumed), 10, out _);

    private Dictionary<int, int> Draw(float[] logits, SamplingParameters parameters, int times)
    {
        var counts = new Dictionary<int, int>();
        for (var i = 0; i < times; i++)
        {
            var token = _sampler.Sample(logits.ToArray(), new SamplingState(parameters with { Seed = (ulong)i }, [1], 0), 1, out _);
            counts[token] = counts.GetValueOrDefault(token) + 1;
        }

        return counts;
    }
}
