using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Devices.Cpu.Threads;
using Crescent.Engine.Sampling;
using Crescent.Engine.Simd;
using Crescent.Tests.Engine.Sampling;
using CsCheck;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>Rows drawn together, by any number of threads, are what each is alone; and drawing allocates nothing.</summary>
public sealed class CpuSamplerTests
{
    private const int Vocabulary = 1_500;

    [Fact]
    public void A_row_gives_the_same_alone_and_in_any_batch_on_any_number_of_threads()
    {
        using var one = new ComputeTeam(1, "one");
        using var two = new ComputeTeam(2, "two");
        using var five = new ComputeTeam(5, "five");
        Gen.Select(RandomRows.Any.Where(static row => row.Logits.Length <= Vocabulary).Array[1, 12], Gen.Int).Sample(
            (rows, seed) =>
            {
                var logits = GC.AllocateArray<float>(rows.Length * Vocabulary, pinned: true);
                logits.AsSpan().Fill(-50);
                for (var i = 0; i < rows.Length; i++)
                {
                    rows[i].Logits.CopyTo(logits.AsSpan(i * Vocabulary));
                }

                var alone = new Sampler(new EndlessTokenizer(Vocabulary), Vocabulary);
                var expected = rows
                    .Select((row, i) => (Token: alone.Sample(logits.AsSpan(i * Vocabulary, Vocabulary), row.State(), row.Position, out var logprobs), Logprobs: logprobs))
                    .ToArray();
                foreach (var team in new[] { one, two, five })
                {
                    var order = Enumerable.Range(0, rows.Length).ToArray();
                    new Random(seed).Shuffle(order);
                    var batch = new SamplingBatch(new EndlessTokenizer(Vocabulary), Vocabulary);
                    foreach (var i in order)
                    {
                        batch.Add(rows[i].State(), i, rows[i].Position);
                    }

                    var sampler = new CpuSampler(team, static () => new RowSampler<Lanes128>(Vocabulary));
                    sampler.Begin(logits);
                    sampler.Sample(batch);
                    for (var i = 0; i < order.Length; i++)
                    {
                        var logprobs = batch[i].Logprobs(Vocabulary);
                        Assert.Equal(expected[order[i]].Token, batch[i].Token);
                        Assert.Equal(expected[order[i]].Logprobs?.Chosen, logprobs?.Chosen);
                        Assert.Equal(expected[order[i]].Logprobs?.TopLogprobs, logprobs?.TopLogprobs);
                    }
                }
            },
            iter: 150,
            threads: 1);
    }

    [Fact]
    public void A_fault_on_any_thread_stays_with_its_row_and_the_others_are_drawn()
    {
        using var team = new ComputeTeam(3, "three");
        var sampler = new CpuSampler(team, static () => new RowSampler<Lanes128>(Vocabulary));
        var logits = GC.AllocateArray<float>(6 * Vocabulary, pinned: true);
        var good = new SamplingState(SamplingParameters.Greedy, [1], 0);
        var bad = new SamplingState(new SamplingParameters { LogitBias = new Dictionary<int, float> { [Vocabulary] = 1 } }, [1], 0);
        for (var round = 0; round < 50; round++)
        {
            var batch = new SamplingBatch(new EndlessTokenizer(Vocabulary), Vocabulary);
            for (var row = 0; row < 6; row++)
            {
                batch.Add(row == round % 7 ? bad : good, row, 1);
            }

            sampler.Begin(logits);
            sampler.Sample(batch);
            batch.Settle();
            for (var row = 0; row < 6; row++)
            {
                Assert.Equal(row == round % 7 ? SamplingRow.Failed : 0, batch[row].Token);
                Assert.Equal(row == round % 7, batch[row].Fault is IndexOutOfRangeException);
            }
        }
    }

    [Fact]
    public void Drawing_allocates_nothing_and_logprobs_what_they_are_handed_out_in()
    {
        using var team = new ComputeTeam(1, "one");
        var sampler = new CpuSampler(team, static () => new RowSampler<Lanes128>(Vocabulary));
        var logits = GC.AllocateArray<float>(4 * Vocabulary, pinned: true);
        var random = new Random(1);
        for (var i = 0; i < logits.Length; i++)
        {
            logits[i] = random.NextSingle() * 10;
        }

        var plain = new SamplingParameters
        {
            Temperature = 0.7f,
            TopK = 20,
            TopP = 0.95f,
            MinP = 0.01f,
            FrequencyPenalty = 0.1f,
            RepetitionPenalty = 1.1f,
            LogitBias = new Dictionary<int, float> { [7] = 2 },
        };
        SamplingParameters[] settings = [plain, SamplingParameters.Greedy, plain with { TopK = 0 }, plain with { TopK = 0, MinP = 0 }];
        Assert.Equal(0, Least(settings));
        Assert.InRange(Least([plain with { TopLogprobs = 20 }]), 1, 320);

        // A collection that other tests bring about counts what is left of this thread's allocation buffer: not in every try.
        long Least(SamplingParameters[] parameters) => Enumerable.Range(0, 10).Min(_ => Allocated(parameters));

        // Bytes a draw of all rows, when everything has been used once.
        long Allocated(SamplingParameters[] parameters)
        {
            var states = parameters.Select(static one => new SamplingState(one, [.. Enumerable.Range(0, 300)], 100)).ToArray();
            var batch = new SamplingBatch(new EndlessTokenizer(Vocabulary), Vocabulary);
            const int Times = 50;
            var before = 0L;
            for (var i = -5; i < Times; i++)
            {
                before = i == 0 ? GC.GetAllocatedBytesForCurrentThread() : before;
                batch.Clear();
                for (var row = 0; row < states.Length; row++)
                {
                    batch.Add(states[row], row, 5 + i);
                }

                sampler.Begin(logits);
                sampler.Sample(batch);
                batch.Settle();
                for (var row = 0; row < states.Length; row++)
                {
                    _ = batch[row].Logprobs(Vocabulary);
                }
            }

            return (GC.GetAllocatedBytesForCurrentThread() - before) / Times;
        }
    }
}
