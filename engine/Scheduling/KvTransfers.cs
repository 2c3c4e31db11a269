using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>Brings the copies of KV blocks that are written down on their way, and the blocks that have arrived to those who wait for them. For the engine's thread.</summary>
/// <param name="device">Copies.</param>
/// <param name="kv">The blocks.</param>
/// <param name="copies">What is written down.</param>
/// <param name="count">Told how many blocks go to or from the host.</param>
internal sealed class KvTransfers(IDevice device, KvCache kv, KvCopies copies, Action<int> count)
{
    // What the device was given by others before is none of these.
    private readonly long _before = device.CopiesDone is var done and not long.MaxValue ? done : 0;

    private long Done => device.CopiesDone is var done and not long.MaxValue ? done - _before : long.MaxValue;

    /// <summary>Hands the device what is written down. Where it copies at once, all of it is there afterwards.</summary>
    public void HandOver()
    {
        if (copies.Count == copies.HandedCount)
        {
            return;
        }

        if (copies.HandTo(device) is > 0 and var blocks)
        {
            count(blocks);
        }

        Arrive();
    }

    /// <summary>Takes note of what has arrived.</summary>
    public void Arrive() => kv.Arrive(Math.Min(Done, copies.HandedCount));

    /// <summary>Nothing else can be done: waits for what is copied into blocks.</summary>
    /// <returns>False when nothing is.</returns>
    public bool Wait()
    {
        if (kv.ArrivingCount == 0)
        {
            return false;
        }

        device.WaitForCopy();
        return true;
    }

    /// <summary>Waits until all that were handed over are done: the host's memory is given back.</summary>
    public void Drain()
    {
        while (Done < copies.HandedCount)
        {
            device.WaitForCopy();
        }
    }
}
