using Crescent.Engine.Cuda.Steps;
using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>Tokens beside those of the host's sampler, bit by bit.</summary>
internal static class SamplingChecks
{
    private const string File = "sampling.cu";

    public static IReadOnlyList<KernelCheck> All { get; } = [new("sample_rows", Sample)];

    private static unsafe double Sample(Gpu gpu, Random random)
    {
        const int Rows = 6;
        var vocabulary = random.Next(4) == 0 ? random.Next(1, 200) : random.Next(200, 5_000);
        var cases = Enumerable.Range(0, Rows).Select(_ => SamplingCase.Random(random, vocabulary)).ToArray();
        var batch = SamplingCase.Batch(vocabulary);
        var rows = cases.Select((one, i) => one.AddTo(batch, i)).ToArray();
        var lists = new int[rows.Sum(row => (int)SamplingAsk.ListInts(batch, row)) + 1];
        var at = 0;
        var asks = new List<SamplingAsk>();
        var asked = new List<int>();
        for (var i = 0; i < Rows; i++)
        {
            if (SamplingAsk.TryWrite(batch, rows[i], lists, ref at, out var ask))
            {
                asks.Add(ask);
                asked.Add(i);
            }
        }

        if (asks.Count == 0)
            return 0;
        float[] all = [.. cases.SelectMany(static one => one.Logits)];
        using var logits = gpu.Upload<float>(all);
        using var askMemory = gpu.Upload<SamplingAsk>(asks.ToArray());
        using var listMemory = gpu.Upload<int>(lists);
        using var answerMemory = gpu.Allocate((long)sizeof(SamplingAnswer) * asks.Count);
        using var candidates = gpu.Allocate(12L * GpuSampling.MostCandidates * asks.Count);
        gpu.Fill(answerMemory.Address, 0xff, answerMemory.Bytes);
        gpu.Launch(File, "sample_rows", (asks.Count, 1), 1024, logits, askMemory, listMemory, answerMemory, candidates, vocabulary);
        var answers = gpu.Download<SamplingAnswer>(answerMemory.Address, asks.Count);
        var settled = 0;
        for (var i = 0; i < asks.Count; i++)
        {
            if (answers[i].TryGive(rows[asked[i]], vocabulary))
            {
                var difference = cases[asked[i]].Difference(cases[asked[i]].ByHost(), rows[asked[i]]);
                KernelCheck.Require(difference is null, $"row {i} of {asks.Count}: {difference}");
                settled++;
            }
        }

        KernelCheck.Require(2 * settled >= asks.Count, $"of {asks.Count} rows {asks.Count - settled} were left to the host");

        var after = gpu.Download<float>(logits.Address, all.Length);
        KernelCheck.Require(
            all.Select(BitConverter.SingleToUInt32Bits).SequenceEqual(after.Select(BitConverter.SingleToUInt32Bits)), "sample_rows has not left the logits as they were");
        return 0;
    }
}
