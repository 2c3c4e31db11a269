using Crescent.Engine.Cuda.Steps;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.GpuCheck.Kernels;
using Crescent.Tests.Engine.Sampling.Grammars;

namespace Crescent.Tests.Cuda;

/// <summary>Tokens that an emulated GPU draws are those of the host's sampler, with logprobs of the same bits; what it leaves to the host is little and known.</summary>
public sealed class CudaSamplingTests : EmulatedCudaTest
{
    private static readonly SamplingParameters One = new() { Temperature = 1 };

    [Theory]
    [InlineData(300, 250, 0u)]
    [InlineData(1, 4, 0u)]
    [InlineData(1_025, 60, 7u)]
    [InlineData(2_048, 60, 5u)]
    [InlineData(5_000, 150, 1u)]
    [InlineData(33_333, 40, 0u)]
    public void Random_rows_are_drawn_as_by_the_host_and_stay_as_they_were(int vocabulary, int count, uint order)
    {
        EmulatedCuda.Order(order);
        var random = new Random(vocabulary);
        var cases = Enumerable.Range(0, count).Select(_ => SamplingCase.Random(random, vocabulary)).Where(static one => !IsPlain(one)).ToArray();
        var sampler = Draw(vocabulary, cases);

        // top_k of more than is sorted, and of the third of all rows that is ties some that a limit falls among, or of which no 1024 stand out.
        var left = cases.Count(static one => one.Parameters.TopK > SamplingAsk.MostTopK && one.Parameters.TopK < one.Logits.Length);
        Assert.InRange(sampler.RowsOfHost, left, left + (count / 3));
        Assert.Equal(cases.Length, sampler.RowsOfHost + sampler.RowsOfGpu);
    }

    [Fact]
    public void Each_parameter_alone_is_obeyed()
    {
        var random = new Random(3);
        var logits = SamplingCase.RandomLogits(random, 5_000, 0);
        int[] prompt = [.. Enumerable.Range(0, 300).Select(_ => random.Next(5_000)), 17, 17, 17];
        var seed = 0UL;
        SamplingParameters[] ways =
        [
            One, One with { Temperature = 0.3f }, One with { TopK = 7 }, One with { TopP = 0.8f }, One with { Temperature = 0.1f, TopP = 0.95f },
            One with { TopP = 0.999f }, One with { MinP = 0.02f },
            One with { RepetitionPenalty = 1.2f }, One with { FrequencyPenalty = 0.7f }, One with { PresencePenalty = 1.5f }, One with { MinTokens = 10_000 },
            One with { LogitBias = new Dictionary<int, float> { [5] = 20, [17] = -3 } }, One with { TopLogprobs = 20 }, new() { TopLogprobs = 3 },
            new() { RepetitionPenalty = 2 }, new() { MinTokens = 10_000 },
            new() { LogitBias = new Dictionary<int, float> { [1] = 60 }, MinTokens = 10_000 },
            One with { Given = [4, 5, 6], TopLogprobs = 2 }, One with { Temperature = 2, TopK = 300, TopP = 0.9f, MinP = 0.001f },
            One with { Temperature = 0.7f, TopK = 40, TopP = 0.9f, MinP = 0.01f, RepetitionPenalty = 1.1f, FrequencyPenalty = 0.2f, PresencePenalty = 0.1f, MinTokens = 10_000, TopLogprobs = 5 },
        ];
        var mask = SamplingCase.MaskOf(5_000, static (r, _) => r.Next(9) == 0, random);
        var cases = ways.SelectMany(way => new[] { null, mask }.Select(bits => new SamplingCase(logits, way with { Seed = seed++ }, prompt, 3, 40, way.Given.Count > 0 ? null : bits)))
            .Where(static one => !IsPlain(one)).ToArray();
        Assert.Equal(0, Draw(5_000, cases).RowsOfHost);
    }

    [Fact]
    public void Rows_of_a_real_vocabularys_size_are_drawn_as_by_the_host()
    {
        const int Vocabulary = 151_936;
        var random = new Random(8);
        var logits = SamplingCase.RandomLogits(random, Vocabulary, 5);
        var flat = Enumerable.Range(0, Vocabulary).Select(_ => random.NextSingle() * 12).ToArray();
        int[] prompt = [.. Enumerable.Range(0, 2_000).Select(_ => random.Next(Vocabulary))];
        SamplingCase Of(float[] row, SamplingParameters way) => new(row, way, prompt, 500, 3);
        Assert.Equal(0, Draw(Vocabulary, [
            Of(logits, One), Of(logits, One with { TopP = 0.95f }),
            Of(logits, One with { Temperature = 0.7f, TopK = 40, TopP = 0.9f, TopLogprobs = 20, FrequencyPenalty = 0.5f, RepetitionPenalty = 1.1f }),
            Of(flat, One with { TopP = 0.5f }),
        ]).RowsOfHost);

        // Two thirds of all tokens are more than there is room to choose among.
        Assert.Equal(1, Draw(Vocabulary, [Of(flat, One with { Temperature = 2, TopP = 0.98f })]).RowsOfHost);
    }

    [Fact]
    public void Rows_of_no_numbers_and_rows_where_nothing_may_come_say_so()
    {
        SamplingCase Of(Action<float[]> change, SamplingParameters way, ulong[]? mask = null)
        {
            var logits = SamplingCase.RandomLogits(new Random(4), 3_000, 0);
            change(logits);
            return new SamplingCase(logits, way, [1], 0, 3, mask);
        }

        ulong[] Only(params int[] tokens) => SamplingCase.MaskOf(3_000, (_, token) => tokens.Contains(token), new Random(1));
        var logprobs = One with { TopLogprobs = 4 };
        SamplingCase[] cases =
        [
            Of(static l => Array.Fill(l, float.NaN), One), Of(static l => Array.Fill(l, float.PositiveInfinity), One),
            Of(static l => l[2_999] = float.PositiveInfinity, logprobs),
            Of(static l => Array.Fill(l, float.NegativeInfinity), One), Of(static l => Array.Fill(l, float.NegativeInfinity), logprobs),
            Of(static _ => { }, logprobs, Only()), Of(static _ => { }, One, Only(2_222)),
            Of(static l => l[2_222] = float.NegativeInfinity, One, Only(2_222)), Of(static l => l[7] = float.NaN, One, Only(5, 2_222)),
            Of(static l => l.AsSpan(3).Fill(float.NegativeInfinity), logprobs),
        ];
        using var rows = new SampledRows(0, 3_000, cases.Length, Kernels);
        var drawn = Draw(rows, cases);
        Assert.Equal(
            [SamplingRow.NotFinite, SamplingRow.NotFinite, SamplingRow.NotFinite, SamplingRow.NoToken, SamplingRow.NoToken, SamplingRow.NoToken, 2_222, SamplingRow.NoToken],
            drawn.Take(8).Select(static row => row.Token));
        Assert.Equal(1, rows.Sampler.RowsOfHost);
    }

    [Fact]
    public void Limits_among_equals_are_left_to_the_host_and_larger_ones_too()
    {
        SamplingCase[] cases =
        [
            new(new float[400], One with { TopP = 0.5f }, [1], 0, 1), new(new float[400], One with { TopP = 0.7f }, [1], 0, 1),
            new(SamplingCase.RandomLogits(new Random(2), 400, 0), One with { TopK = 200 }, [1], 0, 1),
        ];
        Assert.Equal(1, Draw(400, cases).RowsOfHost);
        var logits = SamplingCase.RandomLogits(new Random(2), 4_000, 0);
        cases = [new(logits, One with { TopK = 513 }, [1], 0, 1), new(logits, One with { TopK = 512, TopP = 0.99f }, [1], 0, 1)];
        Assert.Equal(1, Draw(4_000, cases).RowsOfHost);
    }

    [Fact]
    public void What_is_wrong_with_a_row_fails_that_row_alone()
    {
        using var rows = new SampledRows(0, 500, 3, Kernels);
        var beyond = One with { LogitBias = new Dictionary<int, float> { [500] = 1 } };
        var cases = Enumerable.Range(0, 3).Select(i => new SamplingCase(SamplingCase.RandomLogits(new Random(i), 500, 0), i == 1 ? beyond : One, [1], 0, 4)).ToArray();
        var batch = SamplingCase.Batch(500);
        var drawn = cases.Select((one, i) => Add(rows, batch, one, i)).ToArray();
        rows.Sampler.Sample(batch);
        batch.Settle();
        Assert.IsType<IndexOutOfRangeException>(drawn[1].Fault);
        Assert.Equal(SamplingRow.Failed, drawn[1].Token);
        Assert.Equal([cases[0].ByHost().Token, cases[2].ByHost().Token], new[] { drawn[0].Token, drawn[2].Token });
    }

    [Theory]
    [InlineData(0f, null)]
    [InlineData(0.5f, 2)]
    public void A_token_that_would_come_too_late_to_its_end_is_drawn_again(float temperature, int? top)
    {
        var source = GrammarSource.Regex("(z{40}|b{4}|c{4})");
        var grammar = GrammarWalk.Compile(source);
        var tokenizer = grammar.Vocabulary.Tokenizer;
        var vocabulary = tokenizer.VocabularySize;
        var parameters = new SamplingParameters { Structure = new OutputStructure(source), Temperature = temperature, TopLogprobs = top };
        var logits = new float[vocabulary];
        foreach (var (text, logit) in new[] { ("z", 99f), ("c", 60f), ("b", 20f) })
            logits[tokenizer.Encode(text, parseSpecial: false).Single()] = logit;
        using var rows = new SampledRows(0, vocabulary, 1, Kernels);
        rows.Write(0, logits);
        var batch = new SamplingBatch(tokenizer, vocabulary);
        batch.Add(new SamplingState(parameters, [1], 0, grammar, 6), 0, 1);
        for (; batch.Rows.Length > 0; batch.Settle())
            rows.Sampler.Sample(batch);
        Assert.Equal(2, rows.Sampler.RowsOfGpu);
        Assert.Equal(new Sampler(tokenizer, vocabulary).Sample(logits, new SamplingState(parameters, [1], 0, grammar, 6), 1, out var expected), batch[0].Token);
        Assert.Equal("c", tokenizer.Decode([batch[0].Token]));
        var found = batch[0].Logprobs(vocabulary);
        Assert.Equal(expected?.Chosen, found?.Chosen);
        Assert.Equal(expected?.TopTokens, found?.TopTokens);
        Assert.Equal(expected?.TopLogprobs, found?.TopLogprobs);
    }

    [Fact]
    public void Rows_are_drawn_by_one_launch_with_few_bytes_and_without_allocations()
    {
        const int Count = 8;
        using var rows = new SampledRows(0, 5_000, Count, Kernels);
        var way = One with { TopP = 0.9f, TopLogprobs = 1, FrequencyPenalty = 0.5f };
        var cases = Enumerable.Range(0, Count).Select(i => new SamplingCase(SamplingCase.RandomLogits(new Random(i), 5_000, 5), way with { Seed = (ulong)i }, [1, 2, 3, 4], 2, 4)).ToArray();
        var batch = SamplingCase.Batch(5_000);
        for (var i = 0; i < Count; i++)
            Add(rows, batch, cases[i], i);
        rows.Sampler.Sample(batch);
        var (before, allocated) = (EmulatedCuda.Counters(0), GC.GetAllocatedBytesForCurrentThread());
        rows.Sampler.Sample(batch);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
        var after = EmulatedCuda.Counters(0);
        Assert.Equal(1, after.Launches - before.Launches);
        Assert.Equal(Count * 184, after.BytesToHost - before.BytesToHost);
        Assert.Equal(Count * (88 + (4 * 8)), after.BytesToDevice - before.BytesToDevice);
    }

    private static string Kernels => Path.Combine(EmulatedCuda.Folder, "kernels");

    // What the step itself has found is not here.
    private static bool IsPlain(SamplingCase one) => one.Parameters is { Temperature: <= 0, TopLogprobs: null, HasPenalties: false, MinTokens: 0, LogitBias.Count: 0 } && one.Mask is null;

    private static CudaSampler Draw(int vocabulary, SamplingCase[] cases)
    {
        using var rows = new SampledRows(0, vocabulary, cases.Length, Kernels);
        Draw(rows, cases);
        return rows.Sampler;
    }

    private static SamplingRow[] Draw(SampledRows rows, SamplingCase[] cases)
    {
        var batch = SamplingCase.Batch(cases[0].Logits.Length);
        var drawn = cases.Select((one, i) => Add(rows, batch, one, i)).ToArray();
        rows.Sampler.Sample(batch);
        for (var i = 0; i < cases.Length; i++)
        {
            Assert.Null(cases[i].Difference(cases[i].ByHost(), drawn[i]));
            Assert.True(cases[i].Logits.Select(BitConverter.SingleToUInt32Bits).SequenceEqual(rows.Read(i).Select(BitConverter.SingleToUInt32Bits)), $"the logits of row {i} are not as they were");
        }

        return drawn;
    }

    private static SamplingRow Add(SampledRows rows, SamplingBatch batch, SamplingCase one, int row)
    {
        rows.Write(row, one.Logits);
        return one.AddTo(batch, row);
    }
}
