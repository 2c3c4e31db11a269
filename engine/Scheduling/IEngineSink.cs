using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>Where an engine hands its outputs: a grain's link, the lab's statistics, a test.</summary>
public interface IEngineSink : IKvEventSink
{
    /// <summary>
    /// Takes all that one step gave. Called on the engine's thread: it must not block, and must copy what it keeps.
    /// </summary>
    /// <exception cref="SinkFaultException">It has taken those before one that it cannot take; that one's request ends with an error.</exception>
    /// <exception cref="Exception">It has taken nothing; they are offered one by one.</exception>
    void OnStep(ReadOnlySpan<SequenceOutput> outputs);

    /// <inheritdoc/>
    /// <remarks>Who does not follow the cache leaves it out.</remarks>
    void IKvEventSink.OnKvEvents(KvEventBatch batch)
    {
    }
}
