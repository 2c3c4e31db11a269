using Orleans.GrainDirectory;

namespace Crescent.Grains.Placement;

/// <summary>
/// The directory of grains that need none, since their placement finds them: one that is pinned to the silo that its key names, and one of a single call,
/// whose key nobody else has. A directory is spread over the silos, so that a silo that is paused would hold up what other silos do for each other.
/// </summary>
internal sealed class NoDirectory : IGrainDirectory
{
    /// <summary>For <see cref="GrainDirectoryAttribute"/>.</summary>
    public const string Name = "none";

    public Task<GrainAddress?> Register(GrainAddress address) => Task.FromResult<GrainAddress?>(address);

    public Task<GrainAddress?> Register(GrainAddress address, GrainAddress? previousAddress) => Task.FromResult<GrainAddress?>(address);

    public Task Unregister(GrainAddress address) => Task.CompletedTask;

    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult<GrainAddress?>(null);

    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;
}
