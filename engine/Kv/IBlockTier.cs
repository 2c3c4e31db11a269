namespace Crescent.Engine.Kv;

/// <summary>
/// Where blocks and states go that the device has no room for: a bounded pool from which they come back by a copy instead of being computed
/// anew. Called on the engine's thread.
/// </summary>
public interface IBlockTier
{
    /// <summary>Contents it holds: blocks and states.</summary>
    int Count { get; }

    /// <summary>Blocks that it holds at the most; a state takes the place of some.</summary>
    int Capacity { get; }

    /// <summary>Copies the hashes of all that it holds, in no order.</summary>
    /// <returns>Their number, <see cref="Count"/>.</returns>
    int CopyHashes(Span<BlockHash> destination);

    /// <summary>True when it holds the content.</summary>
    bool Contains(BlockHash hash);

    /// <summary>Has a device block copied in. It may have to drop others for it; where all are held, this one.</summary>
    /// <param name="hash">The content.</param>
    /// <param name="deviceBlock">Where it is.</param>
    /// <param name="dropped">The contents that were dropped are added to it.</param>
    void Store(BlockHash hash, int deviceBlock, List<BlockHash> dropped);

    /// <summary>The same with a state of the device.</summary>
    void StoreState(BlockHash hash, int state, List<BlockHash> dropped);

    /// <summary>Has the content copied into a device block.</summary>
    /// <returns>The number of that copy; 0 when the content is not here (any more).</returns>
    long Load(BlockHash hash, int deviceBlock);

    /// <summary>The same with a state of the device.</summary>
    /// <returns>The number of the last of its copies; 0 when the content is not here (any more).</returns>
    long LoadState(BlockHash hash, int state);

    /// <summary>Sees to it that the content, which is here, stays until it is let go.</summary>
    void Hold(BlockHash hash);

    /// <summary>Lets content go that was held.</summary>
    void LetGo(BlockHash hash);

    /// <summary>Throws when an invariant is broken.</summary>
    void CheckIntegrity();
}
