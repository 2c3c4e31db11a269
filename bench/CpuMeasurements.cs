using Crescent.Engine.Devices;

namespace Crescent.Bench;

/// <summary>Steps of fixed shapes on a device, on tokens without meaning: those whose names begin with one of <paramref name="only"/>, parted by commas.</summary>
internal sealed class CpuMeasurements(IDevice device, int repeat, string only = "")
{
    private const int BlocksPerSequence = 72;

    private readonly StepPlan _plan = new(KvBlockSize.Of(device.Info), groups: device.Info.KvGroups.Count);

    /// <summary>All measurements that the device's context has room for.</summary>
    public IEnumerable<CpuMeasurement> Run() => All().Where(work => IsAmong(only, work.Name)).Select(Measure);

    /// <summary>Whether <paramref name="name"/> begins with one of the beginnings, parted by commas.</summary>
    public static bool IsAmong(string beginnings, string name) => beginnings.Split(',').Any(beginning => name.StartsWith(beginning, StringComparison.Ordinal));

    /// <summary>The logits behind tokens of the first sequence from a position on (vocabulary); until the next step.</summary>
    public ReadOnlySpan<float> Logits(int position, int[] tokens)
    {
        _plan.Clear();
        Add(0, position, tokens);
        return device.Execute(_plan).Logits(0);
    }

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
        Add(sequence, position, [.. Enumerable.Range(position, count).Select(p => Token(p + sequence))]);
        device.Execute(_plan);
    }

    private void Decode(int sequences, int position, int tokens)
    {
        for (var t = 0; t < tokens; t++)
        {
            _plan.Clear();
            for (var s = 0; s < sequences; s++)
                Add(s, position + t, [Token(position + t + s)]);
            device.Execute(_plan);
        }
    }

    // Groups of layers have as many blocks each, and keep all of them whatever their window.
    private void Add(int sequence, int position, int[] tokens)
    {
        var blocks = Blocks(sequence);
        _plan.Add(tokens, position, blocks, LogitsWanted.Last, stateSlot: device.Info.StateSlots > 0 ? sequence : -1);
        for (var group = 1; group < _plan.Groups; group++)
            _plan.AddTable([.. blocks.Select(block => block + (group * (device.Info.BlockCount / _plan.Groups)))], 0);
    }

    // Long sequences are measured alone, short ones in batches: both fit without sharing.
    private static int[] Blocks(int sequence) =>
        [.. Enumerable.Range(sequence == 0 ? 0 : BlocksPerSequence + ((sequence - 1) * 12), sequence == 0 ? BlocksPerSequence : 12)];

    private int Token(int i) => (int)(((i * 7919L) + 13) % device.Info.VocabularySize);

    private sealed record Work(string Name, int Tokens, Action Prepare, Action Do);
}
