using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;

namespace Crescent.Silo.Supervision;

/// <summary>
/// Starts the silos of a local cluster as processes, watches them and stops them: the front end first, so that what is in flight ends
/// while its devices are still there. It restarts nothing: a death is told, with what is left.
/// </summary>
internal sealed class Supervisor(
    string model,
    IReadOnlyList<SiloPlan> plans,
    IReadOnlyDictionary<string, string?> commandLine,
    int devices,
    TimeSpan stopPatience,
    RunFolder folder,
    ClusterConsole console)
{
    /// <summary>How long the cluster may take until it serves.</summary>
    public static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(120);

    private readonly List<ChildSilo> _running = [];
    private volatile bool _stopping;

    /// <summary>Runs the cluster until <paramref name="signal"/> asks for its end, or nothing of it is left.</summary>
    /// <returns>The exit code: 0 after a stop that was asked for.</returns>
    public async Task<int> Run(StopSignal signal)
    {
        var failed = true;
        var children = new List<ChildSilo>();
        try
        {
            foreach (var plan in plans)
            {
                var child = ChildSilo.Start(plan, commandLine, folder.LogFile(plan.Identity.Name), Show);
                children.Add(child);
                _running.Add(child);
            }

            await BringUp(children, signal.Stop);
            failed = !await Watch(signal.Stop);
        }
        catch (OperationCanceledException) when (signal.Stop.IsCancellationRequested)
        {
            failed = false;
        }
        finally
        {
            failed |= !await StopAll(signal.Hurry);
            children.ForEach(c => c.Dispose());
            folder.Close(keepLogs: failed);
            if (failed)
            {
                console.Notice($"The logs are in {folder.Path}.");
            }
        }

        return failed ? 1 : 0;
    }

    private async Task BringUp(List<ChildSilo> children, CancellationToken stop)
    {
        var url = "";
        var starting = children.ToDictionary(c => (Task)c.Ready);
        while (starting.Count > 0)
        {
            var ready = await Task.WhenAny(starting.Keys).WaitAsync(StartPatience, stop);
            starting.Remove(ready, out var child);
            var report = await child!.Ready;
            if (report.Stage == SiloStage.Failed)
            {
                throw new StartException($"{child.Name} did not start: {report.Text}");
            }

            url = report.Text.Length > 0 ? report.Text : url;
            console.Progress($"{child.Name} joined (process {child.ProcessId})");
        }

        url = HttpOptions.Reachable(url);
        var factory = await FrontEnd.WaitUntilServing(url, devices, StartPatience, stop);
        folder.Announce(url, model, folder.MembershipFile);
        console.Serving(factory, url, children.ToDictionary(c => c.Name, c => c.ProcessId));
    }

    /// <returns>False when all silos have died.</returns>
    private async Task<bool> Watch(CancellationToken stop)
    {
        while (_running.Count > 0)
        {
            await Task.WhenAny(_running.Select(c => c.Exited)).WaitAsync(stop);
            foreach (var dead in _running.Where(c => c.Exited.IsCompleted).ToList())
            {
                _running.Remove(dead);
                console.Error($"{dead.Name} (process {dead.ProcessId}) died with exit code {await dead.Exited}; its log: {dead.LogFile}");
            }

            console.Notice(Left());
        }

        return false;
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
        if (_running.Count == 0)
        {
            return "No silo is left.";
        }

        var left = $"Left: {string.Join(", ", _running.Select(c => c.Name))}.";
        return !_running.Exists(c => c.Plan.Identity.IsFront) ? $"{left} Without the front end HTTP is gone; stop with Ctrl+C and start again."
            : !_running.Exists(c => c.Plan.Identity.HasDevices) ? $"{left} Without a device nothing can be served; stop with Ctrl+C and start again."
            : left;
    }

    /// <returns>False when a silo had to be ended hard.</returns>
    private async Task<bool> StopAll(CancellationToken hurry)
    {
        if (_running.Count == 0)
        {
            return true;
        }

        _stopping = true;
        console.Notice("Stopping…");
        var clean = true;
        foreach (var group in _running.GroupBy(c => c.Plan.Identity.IsFront).OrderByDescending(g => g.Key))
        {
            var stopped = await Task.WhenAll(group.Select(async c => (c.Name, Clean: await c.Stop(stopPatience, hurry))));
            foreach (var (name, _) in stopped.Where(s => !s.Clean))
            {
                clean = false;
                console.Error($"{name} did not stop in time and was ended.");
            }
        }

        console.Notice(clean ? "Stopped." : "Stopped, not cleanly.");
        return clean;
    }
}
