namespace Crescent.Engine.Kv;

/// <summary>What happened to a cached block.</summary>
public enum KvEventKind
{
    /// <summary>A full block can be found by its hash from now on.</summary>
    Stored,

    /// <summary>It cannot any more, in no tier.</summary>
    Evicted,
}

/// <summary>A change of the prefix cache, for those who route by it.</summary>
/// <param name="Id">Counts the events of one engine, without gaps: a gap at the receiver is a lost event.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Hash">Which content.</param>
public readonly record struct KvEvent(long Id, KvEventKind Kind, BlockHash Hash);
