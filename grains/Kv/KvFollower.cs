using Crescent.Engine.Kv;

namespace Crescent.Grains.Kv;

/// <summary>What this silo knows of one device's cache events. Its fields belong to whoever holds its <see cref="Lock"/>.</summary>
/// <param name="silo">The silo that owns the device.</param>
/// <param name="key"><c>silo/device</c>.</param>
/// <param name="root">What separates its blocks from others'.</param>
/// <param name="index">The device in the index.</param>
internal sealed class KvFollower(SiloAddress silo, string key, KvRoot root, int index)
{
    public Lock Lock { get; } = new();

    public SiloAddress Silo { get; } = silo;

    public string Key { get; } = key;

    public KvRoot Root { get; } = root;

    public int Index { get; } = index;

    public KvEventCursor Cursor { get; } = new();

    public long Epoch { get; set; }

    /// <summary>Newest event that has come, applied or held.</summary>
    public long Seen { get; set; }

    /// <summary>Timestamp of the newest message.</summary>
    public long HeardAt { get; set; }

    /// <summary>Events are missing, and a dump is being fetched.</summary>
    public bool Repairing { get; set; }

    /// <summary>The device is not in the index any more. Read without the lock.</summary>
    public bool Removed { get; set; }
}
