namespace Crescent.Engine.Kv;

/// <summary>
/// What one who follows a cache has to do, in this order: forget all if <see cref="Replaces"/>, add <see cref="Hashes"/>, apply
/// <see cref="Events"/> one after the other.
/// </summary>
/// <param name="replaces">What was known before is void.</param>
/// <param name="hashes">Content to add.</param>
/// <param name="events">Changes after that.</param>
public readonly ref struct KvUpdate(bool replaces, ReadOnlySpan<BlockHash> hashes, ReadOnlySpan<KvEvent> events)
{
    /// <summary>True when what was known before is void.</summary>
    public bool Replaces { get; } = replaces;

    /// <summary>Content to add first.</summary>
    public ReadOnlySpan<BlockHash> Hashes { get; } = hashes;

    /// <summary>Changes to apply then.</summary>
    public ReadOnlySpan<KvEvent> Events { get; } = events;

    /// <summary>Does it to a plain set.</summary>
    public void ApplyTo(ISet<BlockHash> known)
    {
        if (Replaces)
        {
            known.Clear();
        }

        foreach (var hash in Hashes)
        {
            known.Add(hash);
        }

        foreach (var change in Events)
        {
            _ = change.Kind == KvEventKind.Stored ? known.Add(change.Hash) : known.Remove(change.Hash);
        }
    }
}
