using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Silo.Identity;

namespace Crescent.Silo.Supervision;

/// <summary>Runs one silo in this process: under a supervisor, as a whole cluster by itself, or joined to one by hand.</summary>
internal static class SingleSilo
{
    /// <summary>Runs until it is asked to end.</summary>
    public static async Task Run(IConfiguration configuration, ClusterOptions options)
    {
        var identity = SiloIdentity.Resolve(options, Settings.Read<StoreOptions>(configuration), Settings.Read<NetworkOptions>(configuration));
        var isCluster = options is { Supervised: false, ClusterId: null } && identity.Role == SiloRole.All;
        var folder = isCluster ? new RunFolder(identity.ClusterId) : null;
        try
        {
            await Run(configuration, options, identity, folder);
        }
        finally
        {
            if (folder is not null)
            {
                await folder.Close(keepLogs: false);
            }
        }
    }

    private static async Task Run(IConfiguration configuration, ClusterOptions options, SiloIdentity identity, RunFolder? folder)
    {
        await using var silo = SiloHost.Build(configuration, identity);

        // A supervised one has its supervisor's.
        using var deadline = options.Supervised ? null : new StopDeadline(silo);
        var console = options.Supervised ? null : new ClusterConsole(TimeProvider.System);
        console?.Begin(silo.Model, identity.ClusterId, 1);
        if (identity.IsFront)
        {
            console?.WarnOfExposure(Settings.Read<HttpOptions>(configuration), AuthOptions.Read(configuration));
        }

        await silo.Start(CancellationToken.None);
        var url = silo.Urls.Count > 0 ? HttpOptions.Reachable(silo.Urls[0]) : "";
        if (console is null)
        {
            new StartReport(SiloStage.Ready, string.Join(';', silo.Urls), string.Join(';', silo.OpsUrls)).Send();
        }
        else if (folder is not null)
        {
            var devices = Settings.Read<ServingOptions>(configuration).DevicesOf(1);
            var factory = await FrontEnd.WaitUntilServing(url, silo.Services.GetRequiredService<ProcessKey>(), devices, Supervisor.StartPatience, CancellationToken.None);
            folder.Announce(url, silo.Model, identity.MembershipFile);
            console.Serving(factory, url, new Dictionary<string, int> { [identity.Name] = Environment.ProcessId });
            if (silo.OpsUrls.Count > 0)
            {
                console.Progress($"for those who run it on {string.Join(';', silo.OpsUrls)}");
            }
        }
        else
        {
            console.Progress($"{identity.Name} joined as {identity.RoleName}{(url.Length > 0 ? $", HTTP on {url}" : "")}{new StartReport(SiloStage.Ready, Ops: string.Join(';', silo.OpsUrls)).OpsNote}; Ctrl+C stops it");
        }

        using var stopped = new CancellationTokenSource();
        var shutdown = silo.WaitForShutdown();
        if (!options.Supervised && await Task.WhenAny(shutdown, Launcher.Ended(stopped.Token)) != shutdown)
        {
            silo.RequestStop();
        }

        await shutdown;
        await stopped.CancelAsync();
    }
}
