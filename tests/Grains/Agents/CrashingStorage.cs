using System.Collections.Concurrent;
using Orleans.Storage;

namespace Crescent.Tests.Grains.Agents;

/// <summary>A storage under which a test has the activation of a task die at one of its writes: just before it is stored, or just after, when nobody has heard of it.</summary>
internal sealed class CrashingStorage(IGrainStorage inner, ConcurrentDictionary<string, Crash> crashes) : IGrainStorage, IDisposable
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ReadStateAsync(stateName, grainId, grainState);

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var dies = stateName == "agent-task" && crashes.TryGetValue(grainId.Key.ToString()!, out var crash) && crash.Next() ? crash : null;
        if (dies is null or { AfterStored: true })
        {
            await inner.WriteStateAsync(stateName, grainId, grainState);
        }

        if (dies is not null)
        {
            throw new InconsistentStateException("The activation dies here.");
        }
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ClearStateAsync(stateName, grainId, grainState);

    public void Dispose() => (inner as IDisposable)?.Dispose();
}
