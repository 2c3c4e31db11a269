using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Silo.Identity;

namespace Crescent.Silo.Supervision;

/// <summary>
/// Starts the silos of a local cluster as processes, keeps them running and stops them: the front end first, so that what is in flight ends
/// while its devices are still there. It sees a process end before anybody else can, and writes that into the membership table.
/// </summary>
internal sealed class Supervisor
{
    /// <summary>How long the cluster may take until it serves.</summary>
    public static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(120);

    private readonly string _model;
    private readonly int _devices;
    private readonly TimeSpan _stopPatience;
    private readonly RunFolder _folder;
    private readonly ClusterConsole _console;
    private readonly Func<SiloIdentity, Task> _declareDead;
    private readonly ProcessKey _key = ProcessKey.Fresh();
    private readonly List<KeptSilo> _silos;
    private volatile bool _stopping;

    /// <param name="model">Name of the model.</param>
    /// <param name="plans">The silos.</param>
    /// <param name="commandLine">Settings of this process's command line, which go for the silos too.</param>
    /// <param name="devices">Devices of all of them.</param>
    /// <param name="restarts">When a silo that has ended is started again.</param>
    /// <param name="stopPatience">How long a silo may take to stop.</param>
    /// <param name="declareDead">Writes the end of a silo into the membership.</param>
    /// <param name="folder">Of the run.</param>
    /// <param name="console">For the user.</param>
    public Supervisor(
        string model,
        IReadOnlyList<SiloPlan> plans,
        IReadOnlyDictionary<string, string?> commandLine,
        int devices,
        RestartPolicy restarts,
        TimeSpan stopPatience,
        Func<SiloIdentity, Task> declareDead,
        RunFolder folder,
        ClusterConsole console)
    {
        _model = model;
        _devices = devices;
        _stopPatience = stopPatience;
        _folder = folder;
        _console = console;
        _declareDead = declareDead;
        _silos =
        [
            .. plans.Select(plan => new KeptSilo(
                plan, restarts, p => ChildSilo.Start(p, commandLine, folder.LogFile(p.Identity.Name), Show, _key), DeclareDead, console, TimeProvider.System)),
        ];
    }

    /// <summary>Runs the cluster until <paramref name="signal"/> asks for its end, or nothing of it is left.</summary>
    /// <returns>The exit code: 0 after a stop that was asked for.</returns>
    public async Task<int> Run(StopSignal signal)
    {
        var failed = true;
        try
        {
            await Serve(signal.Stop);
        }
        catch (OperationCanceledException) when (signal.Stop.IsCancellationRequested)
        {
            failed = false;
        }
        finally
        {
            failed |= !await StopAll(signal.Hurry);
            _silos.ForEach(s => s.Dispose());
            var left = await _folder.Close(keepLogs: failed);
            if (left.Count > 0)
            {
                _console.Notice($"{string.Join(", ", left)} of this cluster still run{(left.Count == 1 ? "s" : "")} by hand; the membership file stays: {_folder.MembershipFile}");
            }

            if (failed)
            {
                _console.Notice($"The logs are in {_folder.Path}.");
            }
        }

        return failed ? 1 : 0;
    }

    /// <summary>Ends when all silos are given up.</summary>
    private async Task Serve(CancellationToken stop)
    {
        foreach (var silo in _silos)
        {
            silo.Start();
        }

        var urls = await BringUp(stop);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var kept = Task.WhenAll(_silos.Select(s => Keep(s, ended.Token)));
        try
        {
            var url = HttpOptions.Reachable(urls.Split(';')[0]);
            var processes = _silos.ToDictionary(s => s.Name, s => s.Process?.Id ?? 0);
            var factory = await FrontEnd.WaitUntilServing(url, _key, _devices, StartPatience, stop);
            _folder.Announce(url, _model, _folder.MembershipFile);
            _console.Serving(factory, url, processes);
            await kept;
        }
        finally
        {
            await ended.CancelAsync();
            await kept.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits until all silos have joined. One that cannot start does not get better by trying again.</summary>
    /// <returns>Where the front end listens.</returns>
    private async Task<string> BringUp(CancellationToken stop)
    {
        var urls = "";
        var starting = _silos.ToDictionary(s => (Task)s.Process!.Ready);
        while (starting.Count > 0)
        {
            var ready = await Task.WhenAny(starting.Keys).WaitAsync(StartPatience, stop);
            starting.Remove(ready, out var silo);
            var report = await silo!.Process!.Ready;
            if (report.Stage == SiloStage.Failed)
            {
                throw new StartException($"{silo.Name} did not start: {report.Text}");
            }

            silo.ListensOn(report);
            urls = report.Text.Length > 0 ? report.Text : urls;
            _console.Progress($"{silo.Name} joined (process {silo.Process.Id}){report.OpsNote}");
        }

        return urls;
    }

    private async Task Keep(KeptSilo silo, CancellationToken stop)
    {
        try
        {
            await silo.Keep(stop);
        }
        finally
        {
            if (!stop.IsCancellationRequested)
            {
                _console.Notice(Left());
            }
        }
    }

    private async Task DeclareDead(SiloIdentity silo)
    {
        try
        {
            await _declareDead(silo);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _console.Error($"The end of {silo.Name} could not be written into the membership table; the other silos have to find it out: {e.Message}");
        }
    }

    // Silos that miss one another while all of them stop are nothing to be alarmed by; their logs have it.
    private void Show(ChildSilo silo, string line)
    {
        if (!_stopping)
        {
            ClusterConsole.Log(silo.Name, line);
        }
    }

    private string Left()
    {
        var running = _silos.FindAll(static s => s.Process is not null);
        if (running.Count == 0)
        {
            return "No silo is left.";
        }

        var left = $"Left: {string.Join(", ", running.Select(static s => s.Name))}.";
        return !running.Exists(static s => s.Identity.IsFront) ? $"{left} Without the front end HTTP is gone; stop with Ctrl+C and start again."
            : !running.Exists(static s => s.Identity.HasDevices) ? $"{left} Without a device nothing can be served; stop with Ctrl+C and start again."
            : left;
    }

    /// <returns>False when a silo had to be ended hard.</returns>
    private async Task<bool> StopAll(CancellationToken hurry)
    {
        var running = _silos.FindAll(static s => s.Process is not null);
        if (running.Count == 0)
        {
            return true;
        }

        _stopping = true;
        _console.Notice("Stopping…");
        var clean = true;
        foreach (var group in running.GroupBy(static s => s.Identity.IsFront).OrderByDescending(static g => g.Key))
        {
            var stopped = await Task.WhenAll(group.Select(async s => (s.Name, Clean: await s.Process!.Stop(_stopPatience, hurry))));
            foreach (var (name, _) in stopped.Where(static s => !s.Clean))
            {
                clean = false;
                _console.Error($"{name} did not stop in time and was ended.");
            }
        }

        _console.Notice(clean ? "Stopped." : "Stopped, not cleanly.");
        return clean;
    }
}
