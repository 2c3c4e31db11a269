using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Sampling;
using Crescent.Engine.Simd;
using CsCheck;

namespace Crescent.Tests.Engine.Sampling;

/// <summary>The sampler's selections against plain sorting, on all kinds of rows, and the same on every instruction set.</summary>
public sealed class RowSamplerTests
{
    /// <summary>How far single precision may move the edge of a token's share.</summary>
    private const double Tolerance = 3e-5;

    [Fact]
    public void Draws_what_sorting_everything_draws_and_leaves_the_logits_as_they_were() =>
        RandomRows.Any.Sample(
            row =>
            {
                var logits = (float[])row.Logits.Clone();
                var token = Draw(new RowSampler<Lanes128>(logits.Length), logits, row, out _);
                Assert.Equal(row.Logits.Select(BitConverter.SingleToUInt32Bits), logits.Select(BitConverter.SingleToUInt32Bits));

                // A limit moved up keeps fewer tokens where it is that of min_p, and more where it is that of top_p.
                var strict = new ReferenceSampler(row.Logits, row.Parameters, row.Seen(), 1e-5).Kept();
                var loose = new ReferenceSampler(row.Logits, row.Parameters, row.Seen(), -1e-5).Kept();
                Assert.Contains(token, strict.Concat(loose).Select(static one => one.Token));
                if (strict.Length != loose.Length)
                {
                    // A limit falls where rounding decides.
                    return;
                }

                var uniform = row.Parameters.Temperature > 0 ? CounterRandom.NextUniform(row.Parameters.Seed, row.Position) : 0;
                var before = strict.TakeWhile(one => one.Token != token).Sum(static one => one.Share);
                var share = strict.Single(one => one.Token == token).Share;
                Assert.InRange(uniform, before - Tolerance, before + share + Tolerance);
            },
            iter: 3_000);

    [Fact]
    public void Gives_the_same_bits_with_every_instruction_set() =>
        RandomRows.Any.Sample(
            row =>
            {
                var token = Draw(new RowSampler<Lanes128>(row.Logits.Length), row.Logits, row, out var logprobs);
                foreach (var other in Wider(row.Logits.Length))
                {
                    Assert.Equal(token, Draw(other, row.Logits, row, out var others));
                    Assert.Equal(logprobs?.Chosen, others?.Chosen);
                    Assert.Equal(logprobs?.TopTokens, others?.TopTokens);
                    Assert.Equal(logprobs?.TopLogprobs, others?.TopLogprobs);
                }
            },
            iter: 2_000);

    [Fact]
    public void Logprobs_are_those_of_sorting_everything() =>
        RandomRows.Any.Where(static row => row.Parameters.TopLogprobs is not null).Sample(
            row =>
            {
                var token = Draw(new RowSampler<Lanes128>(row.Logits.Length), row.Logits, row, out var logprobs);
                var expected = new ReferenceSampler(row.Logits, row.Parameters, row.Seen()).Logprobs();
                var top = Enumerable.Range(0, row.Logits.Length).OrderByDescending(i => row.Logits[i]).ThenBy(static i => i).Take(row.Parameters.TopLogprobs!.Value).ToArray();
                Assert.Equal(top, logprobs!.TopTokens);
                AssertNear(expected[token], logprobs.Chosen);
                for (var i = 0; i < top.Length; i++)
                {
                    AssertNear(expected[top[i]], logprobs.TopLogprobs[i]);
                }
            },
            iter: 1_000);

    [Fact]
    public void A_large_vocabulary_without_favourites_is_cut_as_sorting_does()
    {
        // Nuclei of tens of thousands of tokens, in which the part of the row that is looked at first decides how much is gathered.
        var random = new Random(5);
        var logits = Enumerable.Range(0, 50_001).Select(i => (float)(random.NextDouble() * 6) + (i < 2_000 ? 2 : 0)).ToArray();
        for (var seed = 0UL; seed < 20; seed++)
        {
            foreach (var topP in new[] { 0.5f, 0.95f, 0.999f })
            {
                var row = new RandomRows(logits, new SamplingParameters { Temperature = 1, TopP = topP, Seed = seed }, [1], 0, 3);
                var token = Draw(new RowSampler<Lanes128>(logits.Length), logits, row, out _);
                var kept = new ReferenceSampler(logits, row.Parameters, row.Seen()).Kept();
                var before = kept.TakeWhile(one => one.Token != token).Sum(static one => one.Share);
                Assert.InRange(CounterRandom.NextUniform(seed, 3), before - Tolerance, before + kept.Single(one => one.Token == token).Share + Tolerance);
            }
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_row_of_no_numbers_gives_no_token(float logit)
    {
        foreach (var temperature in new[] { 0f, 1f })
        {
            foreach (var top in new int?[] { null, 3 })
            {
                var logits = new float[300];
                Array.Fill(logits, logit);
                var row = new RandomRows(logits, new SamplingParameters { Temperature = temperature, TopLogprobs = top }, [1], 0, 0);
                Assert.Equal(SamplingRow.NotFinite, Draw(new RowSampler<Lanes128>(logits.Length), logits, row, out var logprobs));
                Assert.Null(logprobs);
            }
        }
    }

    [Fact]
    public void A_single_value_that_is_no_number_breaks_nothing()
    {
        foreach (var parameters in new SamplingParameters[]
        {
            new(), new() { Temperature = 1 }, new() { Temperature = 1, TopP = 0.9f }, new() { Temperature = 1, TopK = 5, TopP = 0.9f }, new() { Temperature = 1, MinP = 0.1f },
        })
        {
            for (var at = 0; at < 40; at++)
            {
                var logits = Enumerable.Range(0, 5_000).Select(static i => (float)(i % 97) / 10).ToArray();
                logits[at * 123] = float.NaN;
                Assert.InRange(Draw(new RowSampler<Lanes128>(logits.Length), logits, new RandomRows(logits, parameters, [1], 0, at), out _), SamplingRow.NotFinite, logits.Length - 1);
            }
        }
    }

    [Fact]
    public void The_logarithm_is_the_librarys() =>
        Gen.Double[1e-300, 1e300].Sample(static x => Assert.Equal(Math.Log(x), NaturalLogarithm.Of(x), 1e-13 * Math.Max(1, Math.Abs(Math.Log(x)))));

    private static void AssertNear(double expected, float actual)
    {
        if (double.IsNegativeInfinity(expected))
        {
            Assert.Equal(float.NegativeInfinity, actual);
        }
        else
        {
            Assert.InRange(actual, expected - 1e-4 - (1e-6 * Math.Abs(expected)), expected + 1e-4 + (1e-6 * Math.Abs(expected)));
        }
    }

    private static IEnumerable<IRowSampler> Wider(int vocabulary)
    {
        if (Processor.Supports(InstructionSet.Avx2))
        {
            yield return new RowSampler<Lanes256>(vocabulary);
        }

        if (Processor.Supports(InstructionSet.Avx512))
        {
            yield return new RowSampler<Lanes512>(vocabulary);
        }
    }

    private static int Draw(IRowSampler sampler, float[] logits, RandomRows row, out TokenLogprobs? logprobs)
    {
        var batch = new SamplingBatch(new EndlessTokenizer(logits.Length), logits.Length);
        batch.Add(row.State(), 0, row.Position);
        sampler.Sample(logits, batch, batch[0]);
        batch.Settle();
        Assert.Equal(0, batch.Rows.Length);
        logprobs = batch[0].Logprobs(logits.Length);
        return batch[0].Token;
    }
}
