using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Power;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// An engine as its GPU grain sees it. Submit, cancel and state may be called by any thread and return at once; the work is
/// done on the engine's own thread and comes back through the <see cref="IEngineSink"/>.
/// </summary>
public interface IInferenceEngine
{
    /// <summary>The device it owns.</summary>
    DeviceInfo Device { get; }

    /// <summary>Name of the model it serves.</summary>
    string Model { get; }

    /// <summary>How keys and values are stored, as it stands in the hashes of the blocks.</summary>
    string KvType { get; }

    /// <summary>The newest snapshot.</summary>
    EngineState State { get; }

    /// <summary>What it has counted since its start.</summary>
    EngineCounters Counters { get; }

    /// <summary>The device's own meter; null where its power is modelled.</summary>
    IPowerMeter? PowerMeter => null;

    /// <summary>The device's power cap; null where it has none.</summary>
    IPowerCap? PowerCap => null;

    /// <summary>The governor's price of power, in points; 0 where there is enough. The engine heeds it from its next step on.</summary>
    double Price
    {
        get => 0;
        set { }
    }

    /// <summary>What the device costs in seconds and watts: as it says itself, or as its steps have shown so far.</summary>
    DeviceProfile Profile { get; }

    /// <summary>
    /// Queues a sequence.
    /// </summary>
    /// <exception cref="RequestRefusedException">It can never fit, or the queue is full.</exception>
    void Submit(InferenceRequest request);

    /// <summary>Ends a sequence within one step and frees its blocks; unknown and ended ones are ignored.</summary>
    void Cancel(long requestId);

    /// <summary>
    /// All that the prefix cache holds, answered by the engine's thread before its next step.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled, or the engine has stopped.</exception>
    Task<KvDump> DumpKvAsync(CancellationToken cancellation);
}
