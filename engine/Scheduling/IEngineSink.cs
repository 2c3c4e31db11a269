using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>Where an engine hands its outputs: a grain's link, the lab's statistics, a test.</summary>
public interface IEngineSink
{
    /// <summary>
    /// Takes all that one step gave. Called on the engine's thread: it must not block, and must copy what it keeps.
    /// </summary>
    void OnStep(ReadOnlySpan<SequenceOutput> outputs);

    /// <summary>
    /// Takes changes of the prefix cache, after the step in which they happened: same rules. Each batch goes on where the one before
    /// ended, unless the engine had to drop some in between; <see cref="KvEventCursor"/> finds that out.
    /// </summary>
    void OnKvEvents(KvEventBatch batch)
    {
    }
}
