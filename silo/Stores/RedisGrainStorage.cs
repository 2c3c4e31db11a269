using Crescent.Grains.Storage;
using Orleans.Storage;

namespace Crescent.Silo.Stores;

/// <summary>Orleans' grain storage in Redis, with faults that every silo understands.</summary>
/// <param name="inner">Orleans' own.</param>
internal sealed class RedisGrainStorage(IGrainStorage inner) : IGrainStorage
{
    /// <summary>Name of the inner one.</summary>
    public const string InnerName = $"{CrescentStorage.Name}-redis";

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Guarded(grainId, () => inner.ReadStateAsync(stateName, grainId, grainState));

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Guarded(grainId, () => inner.WriteStateAsync(stateName, grainId, grainState));

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Guarded(grainId, () => inner.ClearStateAsync(stateName, grainId, grainState));

    private static Task<bool> Guarded(GrainId grain, Func<Task> work) => StoreException.Guard($"The state of {grain}", async () =>
    {
        await work();
        return true;
    });
}
