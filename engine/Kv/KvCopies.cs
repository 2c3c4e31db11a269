using Crescent.Engine.Devices;

namespace Crescent.Engine.Kv;

/// <summary>
/// Copies of KV blocks and states, between a device and its host tier and within the device: written down where blocks are given out, handed to the device before its next
/// step. They are known by their number, and done in its order. For the engine's thread.
/// </summary>
public sealed class KvCopies
{
    private readonly List<KvCopy> _pending = [];

    /// <summary>Copies written down so far: the number of the last.</summary>
    public long Count { get; private set; }

    /// <summary>Of those, copies that the device has been handed.</summary>
    public long HandedCount => Count - _pending.Count;

    /// <summary>Writes a copy down.</summary>
    /// <returns>Its number.</returns>
    public long Add(in KvCopy copy)
    {
        _pending.Add(copy);
        return ++Count;
    }

    /// <summary>
    /// Hands <paramref name="device"/> all that are pending, one by one: where it throws at one, that and those after it stay, and are handed over later. None is
    /// handed over twice: what it has copied from may hold something else since.
    /// </summary>
    /// <returns>How many of them are from or to the host, a block or as much of a state each.</returns>
    public int HandTo(IDevice device)
    {
        var (handed, count) = (0, 0);
        try
        {
            for (; handed < _pending.Count; handed++)
            {
                var copy = _pending[handed];
                device.BeginCopies([copy]);
                count += copy.IsWithin ? 0 : 1;
            }
        }
        finally
        {
            _pending.RemoveRange(0, handed);
        }

        return count;
    }
}
