namespace Crescent.Engine.Kv;

/// <summary>Where a cache's changes go.</summary>
public interface IKvEventSink
{
    /// <summary>
    /// Takes changes of the prefix cache, after the step in which they happened: on the engine's thread, so that it must not block, and must copy what it
    /// keeps. Each batch goes on where the one before ended, unless the engine had to drop some in between; <see cref="KvEventCursor"/> finds that out.
    /// </summary>
    void OnKvEvents(KvEventBatch batch);
}
