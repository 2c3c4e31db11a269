using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>Somebody waits for all hashes of a cache.</summary>
/// <param name="room">For the hashes.</param>
internal sealed class KvDumpRequest(BlockHash[] room)
{
    public BlockHash[] Room { get; } = room;

    // Whoever waits must not go on on the engine's thread.
    public TaskCompletionSource<KvDump> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
