using Crescent.Engine.Kv;

namespace Crescent.Control.Kv;

/// <summary>
/// Prompts that were sent to a device a moment ago: it will hold their blocks before its events can say so. Each has a slot of an index
/// of its own, so that it is forgotten at once.
/// </summary>
internal sealed class PredictedPrefixes(ulong multiplier)
{
    /// <summary>Predictions in force at once; more, and those that end first give way.</summary>
    public const int MaxPredictions = 1024;

    // Room for predictions that have ended and are not swept out yet.
    private const int Spare = 192;
    private const int Slots = MaxPredictions + Spare;

    // What has ended is swept out by the end of the second round after it, and by then there must still be room.
    private const int SweepShare = Spare * 2 / 5;

    private readonly HolderIndex _blocks = new(Slots, multiplier);
    private readonly Dictionary<(int Device, BlockHash Last), int> _slots = [];
    private readonly Dictionary<int, Prediction> _predictions = [];

    // Also has entries of predictions that were renewed or have ended since: those do not match any more.
    private readonly PriorityQueue<int, (long Until, int Slot)> _byEnd = new();

    /// <summary>Predictions in force.</summary>
    public int Count => _slots.Count;

    /// <summary>The device is about to hold <paramref name="chain"/>, as far as is known at <paramref name="until"/> at the latest.</summary>
    public void Add(int device, ReadOnlySpan<BlockHash> chain, long until)
    {
        var key = (device, chain[^1]);
        if (!_slots.TryGetValue(key, out var slot))
        {
            while (_slots.Count >= MaxPredictions)
            {
                DropFirst(long.MaxValue);
            }

            _blocks.SweepShare(SweepShare);
            slot = _blocks.Open(device);
            _blocks.Add(slot, chain);
            _slots.Add(key, slot);
        }

        _predictions[slot] = new Prediction(device, chain[^1], until);
        _byEnd.Enqueue(slot, (until, slot));
    }

    /// <summary>Forgets what has had its time.</summary>
    public void Expire(long now)
    {
        while (DropFirst(now))
        {
        }
    }

    /// <summary>The device says that it holds <paramref name="hashes"/>: a prediction is confirmed by its last block.</summary>
    public void Confirm(int device, ReadOnlySpan<BlockHash> hashes)
    {
        for (var i = 0; i < hashes.Length && _slots.Count > 0; i++)
        {
            if (_slots.TryGetValue((device, hashes[i]), out var slot))
            {
                Drop(slot);
            }
        }
    }

    /// <summary>Forgets all predictions of <paramref name="device"/>.</summary>
    public void Forget(int device)
    {
        foreach (var (slot, prediction) in _predictions)
        {
            if (prediction.Device == device)
            {
                Drop(slot);
            }
        }
    }

    /// <summary>Raises <paramref name="lead"/> as <see cref="HolderIndex.Lead"/> does.</summary>
    public void Lead(ReadOnlySpan<BlockHash> chain, Span<int> lead) => _blocks.Lead(chain, lead);

    /// <summary>Drops the prediction that ends first, if that is by <paramref name="now"/>.</summary>
    private bool DropFirst(long now)
    {
        if (!_byEnd.TryPeek(out var slot, out var end) || end.Until > now)
        {
            return false;
        }

        _byEnd.Dequeue();
        if (_predictions.TryGetValue(slot, out var prediction) && prediction.Until == end.Until)
        {
            Drop(slot);
        }

        return true;
    }

    private void Drop(int slot)
    {
        _predictions.Remove(slot, out var prediction);
        _slots.Remove((prediction.Device, prediction.Last));
        _blocks.Close(slot);
    }

    private readonly record struct Prediction(int Device, BlockHash Last, long Until);
}
