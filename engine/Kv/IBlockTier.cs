namespace Crescent.Engine.Kv;

/// <summary>
/// Where blocks go that the device has no room for: a bounded pool from which they come back by a copy instead of being computed
/// anew. Called on the engine's thread.
/// </summary>
public interface IBlockTier
{
    /// <summary>Blocks it holds.</summary>
    int Count { get; }

    /// <summary>Blocks that it holds at the most.</summary>
    int Capacity { get; }

    /// <summary>Copies the hashes of all that it holds, in no order.</summary>
    /// <returns>Their number, <see cref="Count"/>.</returns>
    int CopyHashes(Span<BlockHash> destination);

    /// <summary>True when it holds the content.</summary>
    bool Contains(BlockHash hash);

    /// <summary>
    /// Has a device block copied in. It may have to drop another for it; where all are held, this one.
    /// </summary>
    /// <returns>The content that was dropped, if any.</returns>
    BlockHash? Store(BlockHash hash, int deviceBlock);

    /// <summary>Has the content copied into a device block.</summary>
    /// <returns>The number of that copy; 0 when the content is not here (any more).</returns>
    long Load(BlockHash hash, int deviceBlock);

    /// <summary>Sees to it that the content, which is here, stays until it is let go.</summary>
    void Hold(BlockHash hash);

    /// <summary>Lets content go that was held.</summary>
    void LetGo(BlockHash hash);
}
