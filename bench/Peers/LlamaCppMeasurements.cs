namespace Crescent.Bench.Peers;

/// <summary>
/// The steps of <see cref="CpuMeasurements"/> on llama.cpp. A sequence goes back to where a measurement began before each run; one with a state, which cannot,
/// goes on, to some hundred positions more in the end.
/// </summary>
internal sealed class LlamaCppMeasurements(LlamaCpp peer, int repeat, string only = "")
{
    private readonly int[] _ends = new int[16]; // positions of each sequence

    /// <summary>The same names, in the same order.</summary>
    public IEnumerable<CpuMeasurement> Run()
    {
        peer.Open(2048, 1);
        if (Wanted("prefill 512"))
            yield return Measure("prefill 512", 512, () => Prefill(0, 512));
        foreach (var context in new[] { 128, 1024 })
        {
            if (!Wanted($"decode @{context}"))
                continue;
            Prefill(0, context);
            yield return Measure($"decode @{context}", 16, () => Decode(1, context, 16));
        }

        foreach (var sequences in new[] { 4, 8, 16 })
        {
            if (!Wanted($"batch {sequences} @128"))
                continue;
            peer.Open(sequences * 512, sequences);
            for (var s = 0; s < sequences; s++)
                Prefill(s, 128);
            yield return Measure($"batch {sequences} @128", sequences * 8, () => Decode(sequences, 128, 8));
        }
    }

    private bool Wanted(string name) => CpuMeasurements.IsAmong(only, name);

    private CpuMeasurement Measure(string name, int tokens, Action work) => CpuMeasurement.Of(name, tokens, repeat, work);

    private void Prefill(int sequence, int count)
    {
        peer.Cut(sequence, 0);
        peer.Clear();
        for (var p = 0; p < count; p++)
            peer.Add(Token(p + sequence), p, sequence, logits: p == count - 1);
        peer.Decode();
        _ends[sequence] = count;
    }

    private void Decode(int sequences, int position, int tokens)
    {
        for (var s = 0; s < sequences; s++)
        {
            if (peer.Cut(s, position))
                _ends[s] = position;
        }

        for (var t = 0; t < tokens; t++)
        {
            peer.Clear();
            for (var s = 0; s < sequences; s++)
                peer.Add(Token(_ends[s] + s), _ends[s]++, s, logits: true);
            peer.Decode();
        }
    }

    private int Token(int i) => (int)(((i * 7919L) + 13) % peer.VocabularySize);
}
