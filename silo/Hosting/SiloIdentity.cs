using System.Globalization;
using System.Security.Cryptography;
using Crescent.Grains.Contracts.Local;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>Which silo of which cluster a process is.</summary>
/// <param name="Name">Unique in its cluster.</param>
/// <param name="Role">What it does.</param>
/// <param name="ClusterId">The run of the cluster.</param>
/// <param name="MembershipFile">Full path of the table that its silos share.</param>
/// <param name="SiloPort">For other silos.</param>
/// <param name="GatewayPort">For clients over Orleans, on the loopback address; 0 for none.</param>
public sealed record SiloIdentity(string Name, SiloRole Role, string ClusterId, string MembershipFile, int SiloPort, int GatewayPort)
{
    /// <summary>Cluster id of silos that find one another by a store which several clusters may share.</summary>
    public const string SharedClusterId = "crescent";

    /// <summary>Whether it answers HTTP.</summary>
    public bool IsFront => Role != SiloRole.Device;

    /// <summary>Whether it owns devices.</summary>
    public bool HasDevices => Role != SiloRole.Front;

    /// <summary>The role in the words of the cluster.</summary>
    public string RoleName => Role.ToString().ToLowerInvariant();

    /// <summary>A cluster id that no other run has.</summary>
    public static string FreshClusterId() =>
        $"{DateTime.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}";

    /// <summary>The silo that <paramref name="options"/> ask for, with what they leave open filled in. Where other machines reach it, it has no gateway unless one is asked for.</summary>
    /// <exception cref="StartException">It should join a cluster, and none runs on this machine.</exception>
    public static SiloIdentity Resolve(ClusterOptions options, StoreOptions? store = null, NetworkOptions? network = null)
    {
        var role = options.Role ?? SiloRole.All;
        var (clusterId, membership) = (options.ClusterId, options.MembershipFile);
        if (clusterId is null && store is { Store: not StoreKind.File } && options.Role is not null)
        {
            clusterId = SharedClusterId;
        }
        else if (clusterId is null && role != SiloRole.All)
        {
            var running = LocalCluster.FindRunning() ?? throw new StartException(
                $"{Settings.Role} is {role.ToString().ToLowerInvariant()}, but no cluster runs on this machine to join; start one, or name it "
                + $"with {Settings.ClusterId}.");
            (clusterId, membership) = (running.ClusterId, membership ?? running.MembershipFile);
        }

        clusterId ??= FreshClusterId();
        var ports = FreePorts.Take(2);
        return new SiloIdentity(
            options.Name ?? (role == SiloRole.All ? "local" : $"{role.ToString().ToLowerInvariant()}-{Environment.ProcessId}"),
            role,
            clusterId,
            Path.GetFullPath(membership ?? Path.Combine(LocalCluster.Folder(clusterId), LocalCluster.MembershipFileName)),
            options.SiloPort > 0 ? options.SiloPort : ports[0],
            options.GatewayPort > 0 && role != SiloRole.Front ? options.GatewayPort : role == SiloRole.Front || network?.Advertise is not null ? 0 : ports[1]);
    }
}
