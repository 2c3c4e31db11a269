using System.Globalization;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;

namespace Crescent.Silo.Supervision;

/// <summary>One silo that a supervisor starts.</summary>
/// <param name="Identity">Which it is.</param>
/// <param name="Threads">Its compute threads.</param>
/// <param name="Share">Which of the cluster's simulated devices it owns.</param>
/// <param name="Urls">Where its HTTP is to listen; null for what the settings say.</param>
/// <param name="OpsUrls">Where its HTTP for those who run the cluster is to listen; null for what the settings say.</param>
internal sealed record SiloPlan(SiloIdentity Identity, int Threads, DeviceShare Share, string? Urls = null, string? OpsUrls = null)
{
    /// <summary>One front end and <paramref name="count"/> - 1 device silos that share the cores.</summary>
    /// <exception cref="StartException">There are not enough ports for <paramref name="http"/>.</exception>
    public static IReadOnlyList<SiloPlan> Cluster(int count, string clusterId, string membershipFile, ServingOptions serving, HttpOptions http)
    {
        var threads = serving.Threads > 0 ? serving.Threads : Devices.ThreadShare(Environment.ProcessorCount, count - 1);
        var ports = FreePorts.Take(2 * count);
        var front = new SiloIdentity("front", SiloRole.Front, clusterId, membershipFile, ports[0], GatewayPort: 0);
        return
        [
            new SiloPlan(front, 0, DeviceShare.All),
            .. Enumerable.Range(1, count - 1).Select(i => new SiloPlan(
                new SiloIdentity($"device-{i}", SiloRole.Device, clusterId, membershipFile, ports[2 * i], ports[(2 * i) + 1]),
                threads,
                new DeviceShare(i - 1, count - 1),
                OpsUrls: http.OpsUrls.Length > 0 ? http.DeviceOpsUrls(i) : null)),
        ];
    }

    /// <summary>The settings of the silo's process: those of the supervisor's command line and its own.</summary>
    public IReadOnlyDictionary<string, string?> SettingsFrom(IReadOnlyDictionary<string, string?> commandLine)
    {
        var settings = new Dictionary<string, string?>(commandLine)
        {
            [Settings.Role.Key] = Identity.RoleName,
            [Settings.Name.Key] = Identity.Name,
            [Settings.ClusterId.Key] = Identity.ClusterId,
            [Settings.MembershipFile.Key] = Identity.MembershipFile,
            [Settings.SiloPort.Key] = Text(Identity.SiloPort),
            [Settings.GatewayPort.Key] = Text(Identity.GatewayPort),
            [Settings.Threads.Key] = Text(Threads),
            [Settings.DeviceShare.Key] = Share.ToString(),
            [Settings.Supervised.Key] = "true",
        };
        settings.Remove(Settings.Silos.Key);
        if (Urls is not null)
        {
            settings[Settings.Urls.Key] = Urls;
        }

        if (OpsUrls is not null)
        {
            settings[Settings.OpsUrls.Key] = OpsUrls;
        }

        return settings;
    }

    /// <summary>The same silo with other ports for Orleans: another process may have taken those that it had.</summary>
    public SiloPlan Again()
    {
        var ports = FreePorts.Take(2);
        return this with { Identity = Identity with { SiloPort = ports[0], GatewayPort = Identity.GatewayPort == 0 ? 0 : ports[1] } };
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
