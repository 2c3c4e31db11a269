namespace Crescent.Engine.Kv;

/// <summary>A change of the prefix cache, for those who route by it. Its id follows from its place in a <see cref="KvEventBatch"/>.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Hash">Which content.</param>
public readonly record struct KvEvent(KvEventKind Kind, BlockHash Hash);
