using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Silo.Supervision;

namespace Crescent.Tests.Silo.Supervision;

/// <summary>A silo's process and its log.</summary>
public sealed class ChildSiloTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<string> _shown = [];
    private readonly SiloPlan _plan = new(
        new SiloIdentity("device-1", SiloRole.Device, "run", "/membership.json", 20_001, 20_002), 1, DeviceShare.All);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_log_is_there_before_the_process()
    {
        var log = Path.Combine(_folder.Path, "device-1.log");
        Assert.Throws<Win32Exception>(() => Start(new ProcessStartInfo(Path.Combine(_folder.Path, "nothing")), log));
        Assert.True(File.Exists(log));
    }

    [Fact]
    public async Task What_a_silo_says_is_read_to_its_end_though_its_log_takes_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a file that is always full is known on Linux only");
        var start = new ProcessStartInfo("sh") { ArgumentList = { "-c", "echo one; echo two >&2; echo three >&2; exit 3" } };
        using var silo = Start(start, "/dev/full");
        Assert.Equal(3, await silo.Exited.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        Assert.Equal(["three", "two"], _shown.Where(static l => !l.StartsWith("Its log", StringComparison.Ordinal)).Order());
        Assert.Single(_shown, static l => l.StartsWith("Its log /dev/full cannot be written: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_silo_that_ends_before_it_serves_has_failed_to_start()
    {
        var log = Path.Combine(_folder.Path, "device-1.log");
        await File.WriteAllTextAsync(log, "before\n", TestContext.Current.CancellationToken);
        using var silo = Start(new ProcessStartInfo("sh") { ArgumentList = { "-c", "echo said; exit 4" } }, log);
        var report = await silo.Ready.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(SiloStage.Failed, report.Stage);
        Assert.Contains("exit code 4", report.Text, StringComparison.Ordinal);
        Assert.Equal("before\nsaid\n", await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken));
    }

    private ChildSilo Start(ProcessStartInfo start, string log) => ChildSilo.Start(_plan, start, log, (_, line) => _shown.Enqueue(line));
}
