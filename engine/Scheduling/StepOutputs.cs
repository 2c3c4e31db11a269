namespace Crescent.Engine.Scheduling;

/// <summary>What a step puts out: kept until its end, in an array that grows to the largest step. Not safe for use by several threads.</summary>
internal sealed class StepOutputs
{
    private SequenceOutput[] _outputs = new SequenceOutput[64];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    public void Add(in SequenceOutput output)
    {
        if (Count == _outputs.Length)
        {
            Array.Resize(ref _outputs, Count * 2);
        }

        _outputs[Count++] = output;
    }

    /// <summary>Gives all of them to <paramref name="sink"/> and forgets them, so that no text or request lives on here.</summary>
    public void Deliver(IEngineSink sink)
    {
        var count = Count;
        sink.OnStep(_outputs.AsSpan(0, count));
        Array.Clear(_outputs, 0, count);
        Count = 0;
    }

    /// <summary>Forgets those of a step that failed.</summary>
    public void Clear() => Count = 0;
}
