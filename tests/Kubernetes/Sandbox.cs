using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Crescent.Tests.Kubernetes;

/// <summary>
/// A silo held by bubblewrap as a container holds it: user 10001, a root that it can only read, no capabilities, the first process of its namespace. The network is
/// the machine's.
/// </summary>
internal sealed class Sandbox : IAsyncDisposable
{
    /// <summary>The user that it believes to be.</summary>
    public const int User = 10001;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly string _info;
    private readonly Task<string> _error;
    private readonly Task<string> _rest;

    private Sandbox(Process process, string info)
    {
        (_process, _info) = (process, info);
        _error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        _rest = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The silo's process, as the machine knows it.</summary>
    public int Pid { get; private set; }

    /// <summary>Starts a program; skips the running test where there is no bubblewrap.</summary>
    /// <param name="mounts">What bubblewrap is to show of the machine.</param>
    /// <param name="command">The program and its arguments.</param>
    public static async Task<Sandbox> Start(IEnumerable<string> mounts, params string[] command)
    {
        var bwrap = Tool.Find("bwrap");
        Assert.SkipUnless(bwrap is not null, "There is no bubblewrap on the PATH");
        var info = Path.Combine(Directory.CreateTempSubdirectory("crescent-sandbox-").FullName, "info.json");
        var process = Process.Start(new ProcessStartInfo(
            "/bin/sh",
            [
                "-c", "exec \"$0\" \"$@\" 3> \"$INFO\"", bwrap, .. mounts, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/var/lib/crescent",
                "--unshare-user", "--uid", $"{User}", "--gid", $"{User}", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--as-pid-1", "--cap-drop", "ALL", "--new-session", "--die-with-parent",
                "--setenv", "CRESCENT_HOME", "/var/lib/crescent", "--setenv", "DOTNET_EnableDiagnostics", "0", "--info-fd", "3", "--", .. command,
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["INFO"] = info },
        })!;
        var silo = new Sandbox(process, info);
        try
        {
            // It says which process it has made, in JSON.
            await silo.Until(() => Task.FromResult(File.Exists(info) && File.ReadAllText(info).Contains('}', StringComparison.Ordinal)), "bubblewrap has made a process");
            silo.Pid = (int)JsonNode.Parse(await File.ReadAllTextAsync(info, TestContext.Current.CancellationToken))!["child-pid"]!;
            return silo;
        }
        catch
        {
            await silo.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the machine tells of the silo's process, such as <c>status</c>.</summary>
    public string Tells(string file) => File.ReadAllText($"/proc/{Pid}/{file}");

    /// <summary>Waits until <paramref name="condition"/>, asked again and again.</summary>
    public async Task Until(Func<Task<bool>> condition, string what)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!await condition())
        {
            Assert.False(_process.HasExited, $"It has ended before {what}: {(_process.HasExited ? await _rest + await _error : "")}");
            Assert.True(DateTime.UtcNow < deadline, $"Waited {Patience.TotalSeconds} s in vain until {what}.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Asks it to end, as a kubelet does.</summary>
    public async Task Terminate()
    {
        var (code, _, error) = await Tool.Run("kill", ["-TERM", Pid.ToString(CultureInfo.InvariantCulture)]);
        Assert.True(code == 0, error);
    }

    /// <summary>Its exit code, once it ends, and all that it has printed.</summary>
    public async Task<(int Code, string Printed)> Exit()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        return (_process.ExitCode, await _rest + await _error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
        Directory.Delete(Path.GetDirectoryName(_info)!, recursive: true);
    }
}
