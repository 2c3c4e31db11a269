using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>What a waiting sequence need not compute.</summary>
/// <param name="Match">What the cache has of it.</param>
/// <param name="Leader">The sequence to share with beyond that; null for none.</param>
/// <param name="Positions">Positions that are cached, or that the leader shares.</param>
/// <param name="IsComing">True when the leader has yet to compute them, so that waiting is cheaper.</param>
internal readonly record struct KnownPrefix(PrefixMatch Match, Sequence? Leader, int Positions, bool IsComing);
