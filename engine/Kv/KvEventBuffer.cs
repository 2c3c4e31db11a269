namespace Crescent.Engine.Kv;

/// <summary>
/// Events of one cache on their way out of its engine: a ring of fixed size. A backlog beyond it loses its oldest events, and whoever
/// follows the events sees it by the jump of their ids. Only the engine's thread touches it; nothing in it allocates.
/// </summary>
public sealed class KvEventBuffer
{
    /// <summary>Most events that <see cref="Drain"/> hands over at once: what a step spends on them is bounded.</summary>
    public const int MaxDrain = 2048;

    // The event with id i lies at i modulo the capacity.
    private readonly KvEvent[] _ring;
    private long _firstId = 1;

    /// <summary>An empty buffer.</summary>
    /// <param name="epoch">Tells this cache from that of the engine before it on the same device.</param>
    /// <param name="capacity">Events kept, at least 1.</param>
    public KvEventBuffer(long epoch, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        Epoch = epoch;
        _ring = new KvEvent[capacity];
    }

    /// <summary>Which cache the events are of.</summary>
    public long Epoch { get; }

    /// <summary>Id of the newest event, handed over or not; 0 before the first.</summary>
    public long LastId { get; private set; }

    /// <summary>Events that wait to be handed over.</summary>
    public int Count => (int)(LastId - _firstId + 1);

    /// <summary>Takes an event and gives it the next id.</summary>
    public void Add(KvEventKind kind, BlockHash hash)
    {
        if (Count == _ring.Length)
        {
            _firstId++;
        }

        _ring[++LastId % _ring.Length] = new KvEvent(kind, hash);
    }

    /// <summary>Hands over at most <see cref="MaxDrain"/> events, the oldest first, in one or two batches.</summary>
    public void Drain(IKvEventSink sink)
    {
        for (var left = MaxDrain; left > 0 && Count > 0;)
        {
            var at = (int)(_firstId % _ring.Length);
            var count = Math.Min(Math.Min(left, Count), _ring.Length - at);
            var batch = new KvEventBatch(Epoch, _firstId, _ring.AsSpan(at, count));
            _firstId += count;
            left -= count;
            sink.OnKvEvents(batch);
        }
    }
}
