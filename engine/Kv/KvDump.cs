namespace Crescent.Engine.Kv;

/// <summary>All that a cache holds at one moment: where one who follows its events starts, and starts again after a loss.</summary>
/// <param name="Epoch">Which cache, as in <see cref="KvEventBatch.Epoch"/>.</param>
/// <param name="LastId">Id of the newest event that the hashes include; 0 when there was none.</param>
/// <param name="Hashes">The content that can be found, in no order; what lies in two tiers may be named twice.</param>
public sealed record KvDump(long Epoch, long LastId, ReadOnlyMemory<BlockHash> Hashes);
