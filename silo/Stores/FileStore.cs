using Crescent.Grains.Membership;
using Crescent.Grains.Storage;
using Orleans.Storage;

namespace Crescent.Silo.Stores;

/// <summary>Files of one machine: the membership table of the run, and a folder of states.</summary>
/// <param name="membershipFile">The table.</param>
/// <param name="clusterId">The run.</param>
/// <param name="stateFolder">The states.</param>
internal sealed class FileStore(string membershipFile, string clusterId, string stateFolder) : IClusterStore
{
    public string Where => $"files in {stateFolder}";

    public void KeepMembership(ISiloBuilder silo) => silo.UseFileMembership(membershipFile, clusterId);

    public void KeepState(ISiloBuilder silo) =>
        silo.Services.AddKeyedSingleton<IGrainStorage>(CrescentStorage.Name, (_, _) => new FileGrainStorage(stateFolder));

    public Task Ask(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
