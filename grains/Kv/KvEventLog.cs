using Crescent.Engine.Kv;

namespace Crescent.Grains.Kv;

/// <summary>
/// The newest cache events of one device, for those that follow it, each at its own pace. Written by the engine's thread, which never
/// waits for a follower: one that falls too far behind finds the oldest gone.
/// </summary>
/// <param name="capacity">Events kept.</param>
internal sealed class KvEventLog(int capacity = KvEventLog.DefaultCapacity)
{
    public const int DefaultCapacity = 16_384;

    private readonly Lock _lock = new();

    // The event with id i lies at i modulo the capacity; made when the first event comes.
    private byte[] _ring = [];
    private long _epoch;
    private long _firstId = 1;
    private long _lastId;

    /// <summary>Takes what the engine hands over.</summary>
    public void Append(KvEventBatch batch)
    {
        lock (_lock)
        {
            if (_ring.Length == 0)
            {
                _ring = new byte[capacity * KvEventCodec.EventBytes];
            }

            if (batch.Epoch != _epoch || batch.FirstId != _lastId + 1)
            {
                // What the engine had to drop leaves a gap here as well.
                (_epoch, _firstId, _lastId) = (batch.Epoch, batch.FirstId, batch.FirstId - 1);
            }

            foreach (var change in batch.Events)
            {
                var at = (int)(++_lastId % capacity) * KvEventCodec.EventBytes;
                KvEventCodec.Write(change, _ring.AsSpan(at, KvEventCodec.EventBytes));
            }

            _firstId = Math.Max(_firstId, _lastId - capacity + 1);
        }
    }

    /// <summary>
    /// Events from the id <paramref name="next"/> on, or the oldest there are; none when there are no newer ones.
    /// </summary>
    /// <param name="next">First event that is wanted; one beyond the last asks for the ids alone.</param>
    /// <param name="most">Most events to give.</param>
    public (long Epoch, long FirstId, byte[] Events) Read(long next, int most)
    {
        lock (_lock)
        {
            var first = Math.Clamp(next, _firstId, _lastId + 1);
            var count = (int)Math.Min(most, _lastId + 1 - first);
            var events = new byte[count * KvEventCodec.EventBytes];
            for (var i = 0; i < count; i++)
            {
                var at = (int)((first + i) % capacity) * KvEventCodec.EventBytes;
                _ring.AsSpan(at, KvEventCodec.EventBytes).CopyTo(events.AsSpan(i * KvEventCodec.EventBytes));
            }

            return (_epoch, first, events);
        }
    }
}
