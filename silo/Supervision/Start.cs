using System.Net;
using System.Net.Sockets;
using Crescent.Grains.Contracts.Identity;
using Crescent.Grains.Power;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Silo.Identity;
using Crescent.Silo.Stores;

namespace Crescent.Silo.Supervision;

/// <summary>Starts what the settings ask for.</summary>
internal static class Start
{
    /// <summary>Exit code of a start that failed.</summary>
    public const int FailedExitCode = 1;

    /// <summary>Runs to the end and gives the exit code.</summary>
    public static async Task<int> Run(IReadOnlyDictionary<string, string?> commandLine, CancellationToken cancellationToken)
    {
        var supervised = commandLine.ContainsKey(Settings.Supervised.Key);
        try
        {
            commandLine = await HubModels.Resolve(commandLine, (model, offline) => HubModels.Pull(model, offline, cancellationToken));
            var configuration = Settings.Load(commandLine);
            var cluster = Settings.Read<ClusterOptions>(configuration);
            CheckPower(configuration);
            if (cluster.Role is null && Settings.Read<NetworkOptions>(configuration).Advertise is not null)
            {
                throw new StartException($"{Settings.Advertise.Option} goes with {Settings.Role.Option}: the silos of a local cluster reach one another on this machine.");
            }

            if (cluster.Role is null && cluster.Silos > 1)
            {
                return await RunCluster(configuration, cluster, commandLine);
            }

            await SingleSilo.Run(configuration, cluster);
            return 0;
        }
        catch (StartException e)
        {
            if (supervised)
            {
                new StartReport(SiloStage.Failed, e.Message).Send();
            }
            else
            {
                await Console.Error.WriteLineAsync(e.Message);
            }

            return FailedExitCode;
        }
    }

    // The front end checks it as well, but only once its model is open.
    private static void CheckIdentity(AuthOptions auth, HttpOptions http)
    {
        auth.CheckExposure(Settings.Urls, http.Addresses);
        auth.CheckExposure(Settings.OpsUrls, http.OpsAddresses);
        auth.CheckOrigins(http);
        if (auth.KeyPath is { } path)
        {
            KeyBook.Read(new KeyStore(path));
        }
    }

    // Each silo checks them as well, but only once its model is open.
    private static void CheckPower(IConfiguration configuration)
    {
        var problems = Settings.Bind<PowerOptions>(configuration, PowerOptions.Section).Problems().ToList();
        if (problems.Count > 0)
        {
            throw new StartException(string.Join(Environment.NewLine, problems));
        }
    }

    private static async Task<int> RunCluster(IConfiguration configuration, ClusterOptions cluster, IReadOnlyDictionary<string, string?> commandLine)
    {
        var serving = Settings.Read<ServingOptions>(configuration);
        var http = Settings.Read<HttpOptions>(configuration);
        var limits = Settings.Read<GrammarOptions>(configuration).Limits;
        CheckIdentity(AuthOptions.Read(configuration), http);
        var stopPatience = SiloHost.StopTime(configuration);
        string model;
        using (var models = ModelFiles.Open(serving, limits))
        {
            model = SiloHost.NamesOf(models);
        }

        CheckFree(Settings.Urls, http.Addresses);
        CheckFree(Settings.OpsUrls, [.. http.OpsAddresses, .. Enumerable.Range(1, cluster.Silos - 1).SelectMany(http.DeviceOpsAddresses)]);
        await using var signal = new StopSignal();
        var clusterId = cluster.ClusterId ?? SiloIdentity.FreshClusterId();
        var console = new ClusterConsole(TimeProvider.System);
        console.Begin(model, clusterId, cluster.Silos);
        console.WarnOfExposure(http, AuthOptions.Read(configuration));
        var folder = new RunFolder(clusterId);
        var plans = SiloPlan.Cluster(cluster.Silos, clusterId, folder.MembershipFile, serving, http);
        await using var members = ClusterMembers.Open(Settings.Read<StoreOptions>(configuration), clusterId, folder.MembershipFile);
        return await new Supervisor(
            model, plans, commandLine, serving.DevicesOf(cluster.Silos - 1), new RestartPolicy(cluster.Restarts), stopPatience, silo => members.DeclareDead(silo.Name, silo.SiloPort), folder, console).Run(signal);
    }

    // The front end would find a taken port as well, but only after all silos have started.
    private static void CheckFree(Setting setting, IEnumerable<BindingAddress> addresses)
    {
        foreach (var address in addresses)
        {
            var ip = IPAddress.TryParse(address.Host.Trim('[', ']'), out var parsed) ? parsed
                : address.Host == "localhost" ? IPAddress.Loopback
                : IPAddress.Any;
            using var listener = new TcpListener(ip, address.Port);
            try
            {
                listener.Start();
            }
            catch (SocketException e)
            {
                throw new StartException(
                    $"Port {address.Port} of {address.Host} cannot be listened on: {e.Message}. Choose another with {setting}, such as "
                    + $"{setting.Option} http://127.0.0.1:{address.Port + 1}.",
                    e);
            }
        }
    }
}
