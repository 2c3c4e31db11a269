namespace Crescent.Engine.Kv;

/// <summary>What happened to a cached block.</summary>
public enum KvEventKind : byte
{
    /// <summary>A full block can be found by its hash from now on.</summary>
    Stored,

    /// <summary>It cannot any more, in no tier.</summary>
    Evicted,
}
