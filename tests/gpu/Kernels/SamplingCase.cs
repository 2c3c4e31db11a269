using System.Runtime.CompilerServices;
using Crescent.Engine.Sampling;
using Crescent.GpuCheck.Model;

namespace Crescent.GpuCheck.Kernels;

/// <summary>A row of logits and what is asked of it.</summary>
/// <param name="Logits">(vocabulary).</param>
/// <param name="Parameters">How its token is drawn.</param>
/// <param name="Prompt">Tokens seen.</param>
/// <param name="Resumed">The last of them that are output.</param>
/// <param name="Position">The token's.</param>
/// <param name="Mask">Tokens that may come, or null for all.</param>
internal sealed record SamplingCase(float[] Logits, SamplingParameters Parameters, int[] Prompt, int Resumed, int Position, ulong[]? Mask = null)
{
    private static readonly float[] Temperatures = [0, 1e-38f, 0.01f, 0.3f, 0.7f, 1, 1, 2], TopPs = [1, 1, 0.999f, 0.95f, 0.5f, 0.01f], MinPs = [0, 0, 0, 0.001f, 0.05f, 0.9f, 1];
    private static readonly int[] TopKs = [0, 0, 0, 1, 2, 20, 100, 512, 513];

    /// <summary>Any row.</summary>
    public static SamplingCase Random(Random random, int vocabulary)
    {
        T Of<T>(T[] values) => values[random.Next(values.Length)];
        var kind = random.Next(9);
        var penalises = random.Next(2) == 0;
        var ways = new SamplingParameters
        {
            Temperature = Of(Temperatures),
            TopP = Of(TopPs),
            MinP = Of(MinPs),
            TopK = Of(TopKs),
            RepetitionPenalty = penalises && kind != 6 ? Of([1, 1.3f, 0.7f]) : 1,
            FrequencyPenalty = penalises ? Of([0, 0.5f, -2]) : 0,
            PresencePenalty = penalises ? Of([0, 1, -1.5f]) : 0,
            TopLogprobs = Of([null, null, 0, 1, 5, (int?)20]),
            MinTokens = random.Next(3) == 0 ? 1_000 : 0,
            LogitBias = random.Next(3) > 0
                ? new Dictionary<int, float>()
                : Enumerable.Range(0, 5).Select(_ => random.Next(vocabulary)).Distinct().ToDictionary(static t => t, _ => (random.NextSingle() * 8) - 4),
            Seed = (ulong)random.NextInt64(),
        };
        var prompt = Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(vocabulary)).ToArray();
        Func<Random, int, bool>[] allows = [static (r, _) => r.Next(2) == 0, static (r, t) => t > 2 && r.Next(40) == 0, static (_, t) => t < 3];
        var mask = random.Next(4) > 0 ? null : MaskOf(vocabulary, Of(allows), random);
        return new SamplingCase(RandomLogits(random, vocabulary, kind), ways, prompt, random.Next(prompt.Length), random.Next(10_000), mask);
    }

    /// <summary>Logits of one of nine kinds: normal ones, ties, nothing but ties, some forbidden, favourites, huge ones, zeros of both signs, ones of nearly one value.</summary>
    public static float[] RandomLogits(Random random, int vocabulary, int kind)
    {
        var logits = KernelCheck.Normal(random, vocabulary, 3);
        for (var i = 0; i < vocabulary; i++)
        {
            logits[i] = kind switch
            {
                0 or 1 => logits[i],
                2 => MathF.Round(logits[i]),
                3 => 1.5f,
                4 => random.Next(10) < 8 ? float.NegativeInfinity : logits[i],
                5 => random.Next(50) == 0 ? 15 + logits[i] : logits[i],
                6 => (random.Next(3) - 1) * random.NextSingle() * 1e30f,
                7 => random.Next(2) == 0 ? 0f : -0f,
                _ => 100 + (logits[i] * 1e-4f),
            };
        }

        logits[random.Next(vocabulary)] = kind == 6 ? float.MaxValue : 3;
        return logits;
    }

    /// <summary>A bit for each token that may come.</summary>
    public static ulong[] MaskOf(int vocabulary, Func<Random, int, bool> allows, Random random)
    {
        var mask = new ulong[(vocabulary + 63) / 64];
        for (var token = 0; token < vocabulary; token++)
            mask[token >> 6] |= allows(random, token) ? 1UL << token : 0;
        return mask;
    }

    /// <summary>A batch of a vocabulary whose second and last tokens end a generation.</summary>
    public static SamplingBatch Batch(int vocabulary) => new(new SizedTokenizer(vocabulary, 1, vocabulary - 1), vocabulary);

    /// <summary>Adds it, as the row of logits of that number.</summary>
    public SamplingRow AddTo(SamplingBatch batch, int row)
    {
        batch.Add(new SamplingState(Parameters, Prompt, Resumed), row, Position);
        var added = batch[batch.Count - 1];
        if (Mask is not null)
        {
            MaskBits(added) = Mask;
            Masked(added) = true;
        }

        return added;
    }

    /// <summary>What the host draws.</summary>
    public SamplingRow ByHost()
    {
        var batch = Batch(Logits.Length);
        var row = AddTo(batch, 0);
        IRowSampler.Create(Logits.Length).Sample((float[])Logits.Clone(), batch, row);
        return row;
    }

    /// <summary>What differs in a bit between two draws of it, or null.</summary>
    public string? Difference(SamplingRow expected, SamplingRow found)
    {
        string? Say(string what, object mine, object theirs) =>
            $"{what} is {theirs} instead of {mine}: {Logits.Length} logits, {Parameters}, {Parameters.LogitBias.Count} moved, {Prompt.Length} seen, {(Mask is null ? "no mask" : "a mask")}";
        if (expected.Token != found.Token)
            return Say("the token", expected.Token, found.Token);
        if (Parameters.TopLogprobs is null || expected.Token < 0)
            return null;
        if (Bits(expected.Logprob) != Bits(found.Logprob))
            return Say("its logprob", expected.Logprob, found.Logprob);
        for (var i = 0; i < Math.Min(expected.TopTokens.Length, Logits.Length); i++)
        {
            if (expected.TopTokens[i] != found.TopTokens[i] || Bits(expected.TopLogprobs[i]) != Bits(found.TopLogprobs[i]))
                return Say($"likeliest token {i}", (expected.TopTokens[i], expected.TopLogprobs[i]), (found.TopTokens[i], found.TopLogprobs[i]));
        }

        return null;
    }

    private static uint Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    // What may come is otherwise told by grammars, of real vocabularies.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_mask")]
    private static extern ref ulong[] MaskBits(SamplingRow row);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_masked")]
    private static extern ref bool Masked(SamplingRow row);
}
