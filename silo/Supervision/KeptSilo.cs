using System.ComponentModel;
using Crescent.Silo.Hosting;

namespace Crescent.Silo.Supervision;

/// <summary>
/// One silo of a local cluster over all its processes: when one ends, however it does, the next is started after a pause that grows, until it has
/// failed too often in a row. The others hear of the end before that, from the membership table.
/// </summary>
/// <param name="plan">Which silo.</param>
/// <param name="policy">When it is started again.</param>
/// <param name="start">Starts a process.</param>
/// <param name="declareDead">Writes the end of a process into the membership table.</param>
/// <param name="console">Told of all of it.</param>
/// <param name="time">The clock.</param>
internal sealed class KeptSilo(
    SiloPlan plan,
    RestartPolicy policy,
    Func<SiloPlan, ISiloProcess> start,
    Func<SiloIdentity, Task> declareDead,
    IClusterConsole console,
    TimeProvider time) : IDisposable
{
    private SiloPlan _plan = plan;
    private int _restarts;

    /// <summary>Its name, the same over all processes.</summary>
    public string Name => _plan.Identity.Name;

    /// <summary>Which silo it is now.</summary>
    public SiloIdentity Identity => _plan.Identity;

    /// <summary>Its process; null before the first, between two and once it is given up.</summary>
    public ISiloProcess? Process { get; private set; }

    /// <summary>Starts the first process.</summary>
    public ISiloProcess Start() => Process = start(_plan);

    /// <summary>Starts it again whenever it ends. Ends itself when the silo is given up.</summary>
    public async Task Keep(CancellationToken stop)
    {
        try
        {
            var pause = await Ended(time.GetTimestamp(), stop);
            while (pause is { } wait)
            {
                await Task.Delay(wait, time, stop);
                pause = StartAgain() is { } process ? await Ended(await Joined(process, stop), stop) : NextPause();
            }
        }
        catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            console.Error($"{Name} is not kept any more: {e.Message}");
            throw;
        }
    }

    /// <summary>Its HTTP is where <paramref name="report"/> says, where a later process of this silo is to listen too.</summary>
    public void ListensOn(StartReport report) => _plan = _plan with
    {
        Urls = report.Text.Length > 0 ? report.Text : _plan.Urls,
        OpsUrls = report.Ops.Length > 0 ? report.Ops : _plan.OpsUrls,
    };

    public void Dispose() => Process?.Dispose();

    /// <returns>The process; null where there is none, which is one more failure of the silo.</returns>
    private ISiloProcess? StartAgain()
    {
        try
        {
            // Another process may have taken its ports meanwhile. A front end has to be found where it was.
            _plan = _plan.Again();
            return Process = start(_plan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Win32Exception or InvalidOperationException)
        {
            console.Error($"{Name} could not be started: {e.Message}");
            return null;
        }
    }

    /// <summary>Waits for the end of the process.</summary>
    /// <param name="servesSince">When it began to serve; null for one that never has, however long it took over that.</param>
    /// <param name="stop">Ends the waiting.</param>
    /// <returns>The pause before the next; null when there is to be none.</returns>
    private async Task<TimeSpan?> Ended(long? servesSince, CancellationToken stop)
    {
        var process = Process!;
        var code = await process.Exited.WaitAsync(stop);
        Process = null;
        await declareDead(_plan.Identity);
        console.Error($"{Name} (process {process.Id}) died with exit code {code}; its log: {process.LogFile}");
        process.Dispose();
        _restarts = RestartPolicy.Counted(_restarts, servesSince is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero);
        return NextPause();
    }

    /// <returns>The pause before the next process; null when the silo is given up.</returns>
    private TimeSpan? NextPause()
    {
        if (_restarts >= policy.Most)
        {
            console.Error(policy.Most == 0 ? $"{Name} is not started again." : $"{Name} is given up after {_restarts} restarts in a row.");
            return null;
        }

        var pause = RestartPolicy.Pause(_restarts++);
        console.Notice($"{Name} starts again in {pause.TotalSeconds:0.##} s (restart {_restarts} of {policy.Most}).");
        return pause;
    }

    /// <summary>Waits until the process serves.</summary>
    /// <returns>Since when; null for one that does not.</returns>
    private async Task<long?> Joined(ISiloProcess process, CancellationToken stop)
    {
        try
        {
            var report = await process.Ready.WaitAsync(Supervisor.StartPatience, time, stop);
            if (report.Stage == SiloStage.Ready)
            {
                console.Progress($"{Name} joined again (process {process.Id}){report.OpsNote}");
                return time.GetTimestamp();
            }

            console.Error($"{Name} did not start: {report.Text}");
        }
        catch (TimeoutException)
        {
            console.Error($"{Name} did not start within {Supervisor.StartPatience.TotalSeconds:0} s and is ended.");
            process.Kill();
        }

        return null;
    }
}
