using System.Diagnostics;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Silo.Identity;

namespace Crescent.Silo.Supervision;

/// <summary>A silo in a process of its own. It lives no longer than this process: its standard input ends with it.</summary>
internal sealed class ChildSilo : ISiloProcess
{
    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Action<ChildSilo, string> _show;
    private readonly TaskCompletionSource<StartReport> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool _isLogLost;

    private ChildSilo(SiloPlan plan, Process process, string logFile, StreamWriter log, Action<ChildSilo, string> show)
    {
        Plan = plan;
        LogFile = logFile;
        Id = process.Id;
        _process = process;
        _log = log;
        _show = show;
        Exited = Watch();
    }

    /// <summary>Which silo it is.</summary>
    public SiloPlan Plan { get; }

    /// <summary>Its name.</summary>
    public string Name => Plan.Identity.Name;

    /// <inheritdoc/>
    public string LogFile { get; }

    /// <inheritdoc/>
    public int Id { get; }

    /// <inheritdoc/>
    public Task<StartReport> Ready => _ready.Task;

    /// <inheritdoc/>
    public Task<int> Exited { get; }

    /// <summary>
    /// Starts the process, this executable with the plan's settings.
    /// </summary>
    /// <param name="plan">Which silo.</param>
    /// <param name="commandLine">Settings of this process's command line, which go for the child too.</param>
    /// <param name="logFile">Takes its output.</param>
    /// <param name="show">Told of each line that its user should see.</param>
    /// <param name="key">By which the child knows requests of this process.</param>
    public static ChildSilo Start(
        SiloPlan plan, IReadOnlyDictionary<string, string?> commandLine, string logFile, Action<ChildSilo, string> show, ProcessKey key)
    {
        var start = new ProcessStartInfo
        {
            FileName = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this executable is not known."),
        };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, typeof(ChildSilo).Assembly.GetName().Name + ".dll"));
        }

        start.Environment[ProcessKey.Variable] = key.Text;
        var settings = plan.SettingsFrom(commandLine);
        foreach (var setting in Settings.All)
        {
            if (settings.TryGetValue(setting.Key, out var value))
            {
                start.ArgumentList.Add(setting.Option);
                start.ArgumentList.Add(value ?? "");
            }
        }

        return Start(plan, start, logFile, show);
    }

    /// <summary>Starts any process as that of a silo.</summary>
    internal static ChildSilo Start(SiloPlan plan, ProcessStartInfo start, string logFile, Action<ChildSilo, string> show)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.UseShellExecute = false;

        // Before the process, which nobody would have in hand when its log cannot be opened; and after what the silo's earlier processes have said.
        var log = new StreamWriter(new FileStream(logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0)) { AutoFlush = true };
        try
        {
            var process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start.");
            return new ChildSilo(plan, process, logFile, log, show);
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<bool> Stop(TimeSpan patience, CancellationToken hurry)
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // Its end of the pipe is gone already.
        }

        try
        {
            await Exited.WaitAsync(patience, hurry);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            Kill();
            await Exited;
            return false;
        }
    }

    /// <inheritdoc/>
    public void Kill() => _process.Kill(entireProcessTree: true);

    public void Dispose()
    {
        _process.Dispose();
        _log.Dispose();
    }

    private async Task<int> Watch()
    {
        await Task.WhenAll(Follow(_process.StandardOutput, isError: false), Follow(_process.StandardError, isError: true));
        await _process.WaitForExitAsync();
        _ready.TrySetResult(new StartReport(SiloStage.Failed, $"it ended with exit code {_process.ExitCode}; its log: {LogFile}"));
        return _process.ExitCode;
    }

    private async Task Follow(StreamReader output, bool isError)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            if (StartReport.Parse(line) is { } report)
            {
                _ready.TrySetResult(report);
                continue;
            }

            Log(line);
            if (isError || LogLine.IsAlarming(line))
            {
                _show(this, line);
            }
        }
    }

    /// <summary>A line that cannot be kept is lost; whoever stopped reading for it would stop the silo, once the pipe is full.</summary>
    private void Log(string line)
    {
        string? fault = null;
        lock (_log)
        {
            try
            {
                _log.WriteLine(line);
                _isLogLost = false;
            }
            catch (IOException e)
            {
                fault = _isLogLost ? null : e.Message;
                _isLogLost = true;
            }
        }

        if (fault is not null)
        {
            _show(this, $"Its log {LogFile} cannot be written: {fault}");
        }
    }
}
