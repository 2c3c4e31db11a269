using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Crescent.Grains.Contracts.Local;

namespace Crescent.Tests.Silo.Supervision;

/// <summary>The silo's executable as a process of its own, with what it has printed.</summary>
internal sealed partial class SiloRun : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = [];
    private readonly SemaphoreSlim _printed = new(0);

    private SiloRun(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, e) => Keep(e.Data);
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int ProcessId => _process.Id;

    public string Output => string.Join('\n', _lines);

    /// <summary>Processes of the silos, by name, as printed.</summary>
    public IReadOnlyDictionary<string, int> Silos => _lines
        .Select(line => Joined().Match(line))
        .Where(match => match.Success)
        .ToDictionary(match => match.Groups[1].Value, match => int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));

    /// <summary>Processes of the silos that were started again, by name, as printed.</summary>
    public IReadOnlyDictionary<string, int> Again => _lines
        .Select(line => JoinedAgain().Match(line))
        .Where(match => match.Success)
        .ToDictionary(match => match.Groups[1].Value, match => int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));

    /// <summary>The cluster's announcement.</summary>
    public LocalCluster Cluster => LocalCluster.Announced().Single(c => c.ProcessId == ProcessId);

    public static SiloRun Start(params string[] arguments)
    {
        // The silo is built with the tests, in the same configuration.
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(TestFiles.Project("silo", "bin", configuration, "net10.0", "Crescent.Silo.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return new SiloRun(Process.Start(start)!);
    }

    /// <summary>Waits until a line holds <paramref name="text"/>.</summary>
    public async Task<string> Line(string text)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Patience);
        while (true)
        {
            if (_lines.FirstOrDefault(l => l.Contains(text, StringComparison.Ordinal)) is { } line)
            {
                return line;
            }

            if (_process.HasExited && !await _printed.WaitAsync(1000, deadline.Token))
            {
                throw new InvalidOperationException($"The silo ended with {_process.ExitCode} and never printed '{text}':\n{Output}");
            }

            try
            {
                await _printed.WaitAsync(200, deadline.Token);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"The silo did not print '{text}':\n{Output}", e);
            }
        }
    }

    /// <summary>Sends a signal, by its name, to this process or another.</summary>
    public static async Task Signal(string name, int processId)
    {
        using var kill = Process.Start("kill", [$"-{name}", processId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The exit code, once it ends.</summary>
    public async Task<int> Exit()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Waits until a process is gone.</summary>
    public static async Task Gone(int processId)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Patience);
        while (IsRunning(processId))
        {
            await Task.Delay(20, deadline.Token);
        }
    }

    public static bool IsRunning(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        // Orphans, which only a failed test has.
        foreach (var id in Silos.Values.Concat(Again.Values).Where(IsRunning))
        {
            using var orphan = Process.GetProcessById(id);
            orphan.Kill();
        }

        _process.Dispose();
        _printed.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            _lines.Enqueue(line);
            _printed.Release();
        }
    }

    [GeneratedRegex(@"s  (\S+) joined \(process (\d+)\)")]
    private static partial Regex Joined();

    [GeneratedRegex(@"s  (\S+) joined again \(process (\d+)\)")]
    private static partial Regex JoinedAgain();
}
