namespace Crescent.Engine.Kv;

/// <summary>Events of one cache with consecutive ids, in the order in which they happened.</summary>
/// <param name="epoch">Which cache: another after a restart of its engine.</param>
/// <param name="firstId">Id of the first event; the first of an epoch is 1.</param>
/// <param name="events">The events; valid during the call that hands them over.</param>
public readonly ref struct KvEventBatch(long epoch, long firstId, ReadOnlySpan<KvEvent> events)
{
    /// <summary>Which cache: another after a restart of its engine.</summary>
    public long Epoch { get; } = epoch;

    /// <summary>Id of the first event. More than one above the last of the batch before: events in between are lost.</summary>
    public long FirstId { get; } = firstId;

    /// <summary>The events, one id after the other.</summary>
    public ReadOnlySpan<KvEvent> Events { get; } = events;

    /// <summary>Id of the last event; one below <see cref="FirstId"/> when there is none.</summary>
    public long LastId => FirstId + Events.Length - 1;
}
