using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Silo.Supervision;
using Crescent.Tests.Engine.Scheduling;
using Crescent.Tests.Grains;
using Crescent.Tests.Grains.Streams;

namespace Crescent.Tests.Silo.Supervision;

/// <summary>A silo whose processes a test ends.</summary>
public sealed class KeptSiloTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly ManualTimers _timers;
    private readonly ScriptedConsole _console = new();
    private readonly List<(SiloPlan Plan, ScriptedProcess Process)> _started = [];
    private readonly List<int> _dead = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly SiloPlan _plan = new(
        new SiloIdentity("device-1", SiloRole.Device, "run", "/membership.json", 20_001, 20_002), 1, DeviceShare.All);

    private bool _serves = true;
    private Exception? _fault;
    private Exception? _deadFault;
    private Task _kept = Task.CompletedTask;

    public KeptSiloTests()
    {
        _timers = new ManualTimers(_time);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _kept.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    [Fact]
    public async Task A_silo_that_ends_is_declared_dead_and_comes_back_under_its_name_with_other_ports()
    {
        using var silo = Keep(restarts: 3);
        _started[0].Process.End(137);
        await Notice("starts again in 2 s (restart 1 of 3)");
        Assert.Equal([20_001], _dead);
        Assert.Null(silo.Process);
        await Restarted(2);
        var again = _started[1].Plan.Identity;
        Assert.Equal(("device-1", "run", SiloRole.Device), (again.Name, again.ClusterId, again.Role));
        Assert.NotEqual(20_001, again.SiloPort);
        await _console.Until("device-1 joined again (process 2)");
        Assert.Contains(_console.Lines, static l => l.Contains("(process 1) died with exit code 137", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pauses_double_until_a_silo_is_given_up()
    {
        using var silo = Keep(restarts: 3);
        foreach (var (restart, pause) in new[] { (1, "2 s"), (2, "4 s"), (3, "8 s") })
        {
            _started[^1].Process.End(1);
            await Notice($"starts again in {pause} (restart {restart} of 3)");
            await Restarted(restart + 1);
        }

        _started[^1].Process.End(1);
        await _kept;
        Assert.Contains("device-1 is given up after 3 restarts in a row.", _console.Lines);
        Assert.Equal((4, 4), (_started.Count, _dead.Count));
        Assert.Null(silo.Process);
    }

    [Fact]
    public async Task A_minute_of_serving_makes_the_count_begin_anew()
    {
        using var silo = Keep(restarts: 1);
        _started[0].Process.End(1);
        await Notice("(restart 1 of 1)");
        await Restarted(2);
        _console.Lines.Clear();
        _time.Advance(RestartPolicy.Recovery);
        _started[1].Process.End(1);
        await Notice("starts again in 2 s (restart 1 of 1)");
        await Restarted(3);
        _started[2].Process.End(1);
        await _kept;
        Assert.Equal(3, _started.Count);
    }

    [Fact]
    public async Task A_silo_that_never_begins_to_serve_is_given_up_however_long_each_start_takes()
    {
        using var silo = Keep(restarts: 2);
        _serves = false;
        _started[0].Process.End(1);
        for (var restart = 1; restart <= 2; restart++)
        {
            await Notice($"(restart {restart} of 2)");
            await Restarted(restart + 1);
            _time.Advance(Supervisor.StartPatience);
            await FactoryCluster.Until(
                () =>
                {
                    _timers.Fire();
                    return _started[^1].Process.Exited.IsCompleted;
                },
                "its patience is over");
        }

        await _kept.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Contains("device-1 is given up after 2 restarts in a row.", _console.Lines);
        Assert.Equal(3, _started.Count);
    }

    [Fact]
    public async Task A_process_that_cannot_be_started_is_one_more_failure()
    {
        using var silo = Keep(restarts: 2);
        _fault = new IOException("no room for its log");
        _started[0].Process.End(1);
        await FactoryCluster.Until(
            () =>
            {
                _timers.Fire();
                return _kept.IsCompleted;
            },
            "it is given up");
        await _kept;
        Assert.Equal(2, _console.Lines.Count(static l => l == "device-1 could not be started: no room for its log"));
        Assert.Contains("device-1 is given up after 2 restarts in a row.", _console.Lines);
    }

    [Fact]
    public async Task A_fault_that_ends_the_keeping_of_a_silo_is_told_at_once()
    {
        using var silo = Keep(restarts: 2);
        _deadFault = new NotSupportedException("what nobody thought of");
        _started[0].Process.End(1);
        await Assert.ThrowsAsync<NotSupportedException>(() => _kept);
        Assert.Contains("device-1 is not kept any more: what nobody thought of", _console.Lines);
    }

    [Fact]
    public async Task Without_restarts_a_silo_stays_dead()
    {
        using var silo = Keep(restarts: 0);
        _started[0].Process.End(1);
        await _kept;
        Assert.Contains("device-1 is not started again.", _console.Lines);
        Assert.Single(_started);
    }

    [Fact]
    public async Task A_front_end_comes_back_where_it_was()
    {
        using var silo = Keep(restarts: 1);
        silo.ListensOn(new StartReport(SiloStage.Ready, "http://127.0.0.1:8099"));
        _started[0].Process.End(139);
        await Notice("restart 1");
        await Restarted(2);
        Assert.Equal("http://127.0.0.1:8099", _started[1].Plan.SettingsFrom(new Dictionary<string, string?>())[Settings.Urls.Key]);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(3, 16)]
    [InlineData(5, 30)]
    [InlineData(1000, 30)]
    public void Pauses_are_bounded(int before, int seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), RestartPolicy.Pause(before));

    private KeptSilo Keep(int restarts)
    {
        var silo = new KeptSilo(_plan, new RestartPolicy(restarts), Start, Declare, _console, _timers);
        silo.Start();
        _kept = silo.Keep(_stop.Token);
        return silo;

        Task Declare(SiloIdentity dead)
        {
            _dead.Add(dead.SiloPort);
            return _deadFault is null ? Task.CompletedTask : Task.FromException(_deadFault);
        }
    }

    private ScriptedProcess Start(SiloPlan plan)
    {
        if (_fault is { } fault && _started.Count > 0)
        {
            throw fault;
        }

        var process = new ScriptedProcess(_started.Count + 1, _serves);
        _started.Add((plan, process));
        return process;
    }

    private Task Notice(string text) => _console.Until(text);

    /// <summary>Lets the pause pass.</summary>
    private Task Restarted(int processes) => FactoryCluster.Until(
        () =>
        {
            _timers.Fire();
            return _started.Count == processes;
        },
        $"process {processes} is started");
}
