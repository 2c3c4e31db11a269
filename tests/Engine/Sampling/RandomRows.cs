using Crescent.Engine.Sampling;
using CsCheck;

namespace Crescent.Tests.Engine.Sampling;

/// <summary>Rows of logits and ways to draw from them, of all kinds.</summary>
internal sealed record RandomRows(float[] Logits, SamplingParameters Parameters, int[] Prompt, int Resumed, int Position)
{
    private static readonly Gen<int> Vocabulary = Gen.OneOf(
        Of(1, 2, 15, 16, 17, 1023, 1024, 1025, 2048, 20_000),
        Gen.Int[1, 200],
        Gen.Int[200, 9_000]);

    private static readonly Gen<SamplingParameters> Settings =
        from temperature in Of(0f, 1e-38f, 0.01f, 0.3f, 0.7f, 1, 2)
        from topK in Gen.OneOf(Of(0, 0, 1, 2, 20, 100, 5_000, 100_000), Gen.Int[1, 300])
        from topP in Of(1f, 1, 0.999f, 0.95f, 0.5f, 0.01f)
        from minP in Of(0f, 0, 0, 0.001f, 0.05f, 0.9f, 1)
        from penalties in Gen.Select(Of(1f, 1, 1.3f, 0.7f), Of(0f, 0, 0.5f, -2), Of(0f, 0, 1, -1.5f))
        from logprobs in Of(-1, 0, 1, 5, 20)
        from seed in Gen.ULong
        select new SamplingParameters
        {
            Temperature = temperature,
            TopK = topK,
            TopP = topP,
            MinP = minP,
            RepetitionPenalty = penalties.Item1,
            FrequencyPenalty = penalties.Item2,
            PresencePenalty = penalties.Item3,
            TopLogprobs = logprobs < 0 ? null : logprobs,
            Seed = seed,
        };

    /// <summary>Any of them.</summary>
    public static readonly Gen<RandomRows> Any =
        from vocabulary in Vocabulary
        from kind in Gen.Int[0, 8]
        from settings in Settings
        from seed in Gen.Int
        select Create(vocabulary, kind, settings, new Random(seed));

    /// <summary>Tokens of prompt and output with their times in the output.</summary>
    public Dictionary<int, int> Seen()
    {
        var seen = new Dictionary<int, int>();
        for (var i = 0; Parameters.HasPenalties && i < Prompt.Length; i++)
        {
            seen[Prompt[i]] = seen.GetValueOrDefault(Prompt[i]) + (i < Prompt.Length - Resumed ? 0 : 1);
        }

        return seen;
    }

    public SamplingState State() => new(Parameters, Prompt, Resumed);

    public override string ToString() =>
        $"{Logits.Length} logits from {Logits.Min()} to {Logits.Max()}, {Parameters}, {Prompt.Length} tokens seen, {Parameters.LogitBias.Count} moved";

    private static Gen<T> Of<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static RandomRows Create(int vocabulary, int kind, SamplingParameters settings, Random random)
    {
        var logits = new float[vocabulary];
        for (var i = 0; i < vocabulary; i++)
        {
            var normal = (float)(Enumerable.Range(0, 6).Sum(_ => random.NextDouble()) - 3) * 3;
            logits[i] = kind switch
            {
                0 or 1 => normal,
                2 => MathF.Round(normal), // many ties
                3 => 1.5f, // nothing but ties
                4 => random.Next(10) < 8 ? float.NegativeInfinity : normal,
                5 => random.Next(50) == 0 ? 15 + normal : normal,
                6 => (random.Next(3) - 1) * random.NextSingle() * 1e30f,
                7 => random.Next(2) == 0 ? 0f : -0f,
                _ => 100 + (normal * 1e-4f),
            };
        }

        logits[random.Next(vocabulary)] = kind == 6 ? float.MaxValue : 3;
        var prompt = Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(vocabulary)).ToArray();
        var bias = Enumerable.Range(0, random.Next(3) == 0 ? 5 : 0).Select(_ => random.Next(vocabulary)).Distinct().ToDictionary(token => token, _ => (random.NextSingle() * 8) - 4);

        // The largest float has no room for a division by less than 1.
        settings = settings with { LogitBias = bias, RepetitionPenalty = kind == 6 ? 1 : settings.RepetitionPenalty };
        return new RandomRows(logits, settings, prompt, random.Next(prompt.Length), random.Next(10_000));
    }
}
