namespace Crescent.Engine.Scheduling;

/// <summary>Where an engine hands its outputs: a grain's link, the lab's statistics, a test.</summary>
public interface IEngineSink
{
    /// <summary>
    /// Takes all that one step gave. Called on the engine's thread: it must not block, and must copy what it keeps.
    /// </summary>
    void OnStep(ReadOnlySpan<SequenceOutput> outputs);
}
