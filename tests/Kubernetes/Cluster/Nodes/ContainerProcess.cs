using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Crescent.Tests.Kubernetes.Cluster.Nodes;

/// <summary>A container's process: held by bubblewrap as user 10001 with a root that is only read and no capability, the first of its own processes, in its pod's network.</summary>
internal sealed partial class ContainerProcess : IDisposable
{
    /// <summary>Lines that are kept of what it prints.</summary>
    private const int MaxLines = 400;

    private const int Terminate = 15;
    private const int KillHard = 9;

    // Bubblewrap ends with the thread that has started it, so that one thread which lives as long as the tests starts them all.
    private static readonly Channel<Action> Starts = Channel.CreateUnbounded<Action>();

    private readonly Process _process;
    private readonly string _info;
    private readonly Queue<string> _lines = [];
    private bool _isDisposed;

    static ContainerProcess() => new Thread(static () =>
    {
        while (Starts.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (Starts.Reader.TryRead(out var start))
            {
                start();
            }
        }
    })
    { IsBackground = true, Name = "containers" }.Start();

    private ContainerProcess(Process process, string info)
    {
        (_process, _info) = (process, info);
        process.OutputDataReceived += (_, e) => Keep(e.Data);
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Exited = Exit();
    }

    /// <summary>Its exit code, once it ends.</summary>
    public Task<int> Exited { get; }

    /// <summary>The last that it has printed.</summary>
    public string Printed => Last(MaxLines);

    /// <summary>The last lines of that.</summary>
    public string Last(int lines)
    {
        lock (_lines)
        {
            return string.Join('\n', _lines.TakeLast(lines));
        }
    }

    /// <summary>Starts one.</summary>
    /// <param name="space">The network namespace.</param>
    /// <param name="info">A file in which bubblewrap says what it has started.</param>
    /// <param name="mounts">What it sees of the machine.</param>
    /// <param name="user">The user that it believes to be.</param>
    /// <param name="variables">Its environment.</param>
    /// <param name="command">The program and its arguments.</param>
    public static async Task<ContainerProcess> Start(
        string space, string info, IEnumerable<string> mounts, long user, IEnumerable<KeyValuePair<string, string>> variables, IEnumerable<string> command)
    {
        var start = new ProcessStartInfo(
            "/bin/sh",
            [
                "-c", "exec \"$0\" \"$@\" 3> \"$INFO\"", "nsenter", $"--net=/var/run/netns/{space}", "bwrap", .. mounts,
                "--unshare-user", "--uid", $"{user}", "--gid", $"{user}", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--as-pid-1", "--cap-drop", "ALL", "--new-session",
                "--die-with-parent", "--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "INFO", "",
                .. variables.SelectMany(static v => new[] { "--setenv", v.Key, v.Value }), "--info-fd", "3", "--", .. command,
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            Environment = { ["INFO"] = info },
        };
        var started = new TaskCompletionSource<ContainerProcess>(TaskCreationOptions.RunContinuationsAsynchronously);
        Starts.Writer.TryWrite(() =>
        {
            try
            {
                started.SetResult(new ContainerProcess(Process.Start(start)!, info));
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        return await started.Task;
    }

    /// <summary>Asks it to end.</summary>
    public void Stop() => Signal(Terminate);

    /// <summary>Ends it at once.</summary>
    public void Kill()
    {
        if (!Signal(KillHard) && !_process.HasExited)
        {
            _process.Kill();
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private bool Signal(int signal) => !_process.HasExited && Pid() is { } pid && kill(pid, signal) == 0;

    /// <summary>The program's own process, as the machine knows it; null before there is one.</summary>
    private int? Pid()
    {
        var told = File.Exists(_info) ? File.ReadAllText(_info) : "";
        return told.Contains('}', StringComparison.Ordinal) ? (int?)JsonNode.Parse(told)!["child-pid"] : null;
    }

    private async Task<int> Exit()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lines)
        {
            _lines.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss.fff} {line}"));
            if (_lines.Count > MaxLines)
            {
                _lines.Dequeue();
            }
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
