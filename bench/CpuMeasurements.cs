using Crescent.Engine.Devices;

namespace Crescent.Bench;

/// <summary>Steps of fixed shapes on a device, on tokens without meaning: those whose name begins with <paramref name="only"/>.</summary>
internal sealed class CpuMeasurements(IDevice device, int repeat, string only = "")
{
    private const int BlocksPerSequence = 72;

    private readonly StepPlan _plan = new(KvBlockSize.Of(device.Info));

    /// <summary>All measurements that the device's context has room for.</summary>
    public IEnumerable<CpuMeasurement> Run() => All().Where(work => work.Name.StartsWith(only, StringComparison.Ordinal)).Select(Measure);

    private IEnumerable<Work> All()
    {
        yield return new("prefill 512", 512, () => { }, () => Prefill(0, 0, 512));
        foreach (var context in new[] { 128, 1024 })
        {
            const int Tokens = 16;
            if (context + Tokens <= device.Info.MaxContext)
            {
                yield return new($"decode @{context}", Tokens, () => Fill(1, context), () => Decode(1, context, Tokens));
            }
        }

        foreach (var sequences in new[] { 4, 8, 16 })
        {
            const int Tokens = 8;
            yield return new($"batch {sequences} @128", sequences * Tokens, () => Fill(sequences, 128), () => Decode(sequences, 128, Tokens));
        }
    }

    private CpuMeasurement Measure(Work work)
    {
        work.Prepare();
        return CpuMeasurement.Of(work.Name, work.Tokens, repeat, work.Do);
    }

    private void Fill(int sequences, int positions)
    {
        for (var s = 0; s < sequences; s++)
        {
            for (var p = 0; p < positions; p += 128)
                Prefill(s, p, 128);
        }
    }

    private void Prefill(int sequence, int position, int count)
    {
        _plan.Clear();
        _plan.Add([.. Enumerable.Range(position, count).Select(p => Token(p + sequence))], position, Blocks(sequence), LogitsWanted.Last);
        device.Execute(_plan);
    }

    private void Decode(int sequences, int position, int tokens)
    {
        for (var t = 0; t < tokens; t++)
        {
            _plan.Clear();
            for (var s = 0; s < sequences; s++)
                _plan.Add([Token(position + t + s)], position + t, Blocks(s), LogitsWanted.Last);
            device.Execute(_plan);
        }
    }

    // Long sequences are measured alone, short ones in batches: both fit without sharing.
    private static int[] Blocks(int sequence) =>
        [.. Enumerable.Range(sequence == 0 ? 0 : BlocksPerSequence + ((sequence - 1) * 12), sequence == 0 ? BlocksPerSequence : 12)];

    private int Token(int i) => (int)(((i * 7919L) + 13) % device.Info.VocabularySize);

    private sealed record Work(string Name, int Tokens, Action Prepare, Action Do);
}
