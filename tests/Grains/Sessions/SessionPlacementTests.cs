using System.Diagnostics.Metrics;
using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Gpu;
using Crescent.Grains.Inference;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Crescent.Grains.Telemetry.Kv;
using Crescent.Tests.Engine.Scheduling;
using Crescent.Tests.Grains.Placement;
using Crescent.Tests.Grains.Telemetry.Kv;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Crescent.Tests.Grains.Sessions;

/// <summary>What a session's hint does to a placement, and when a ledger sends sessions away.</summary>
public sealed class SessionPlacementTests : IDisposable
{
    private const int PromptBlocks = 20;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ManualTime _time = new();
    private readonly KvIndexFeed _caches;
    private readonly PlacementLedger _ledger;

    public SessionPlacementTests()
    {
        var metrics = new FactoryMetrics(_services.GetRequiredService<IMeterFactory>());
        _caches = new KvIndexFeed(new ManualDumps(), new ManualMembership(), _time, metrics, NullLogger<KvIndexFeed>.Instance);
        _ledger = new PlacementLedger(
            new KvQueuePolicy(), Options.Create(new PlacementOptions()), new LocalSilo(), _time, metrics, new PrefixOverlap(_caches));
    }

    public void Dispose()
    {
        _caches.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void A_call_goes_to_the_device_of_its_session_among_equals()
    {
        ReportAll();
        Assert.All(Enumerable.Range(1, 6), i => Assert.Equal(Reports.Silo(1), Place(i, "silo-1/gpu")));
        Assert.NotEqual(Reports.Silo(1), Place(7, "silo-9/gpu"));
    }

    [Fact]
    public void A_busy_or_drained_device_loses_in_spite_of_the_hint()
    {
        ReportAll();
        Report(1, 2, Reports.Idle with { QueuedPromptTokens = PromptBlocks * HistoryDevice.DefaultBlockSize / 2 });
        Assert.Equal(Reports.Silo(1), Place(1, "silo-1/gpu"));
        Report(1, 3, Reports.Idle with { QueuedPromptTokens = PromptBlocks * HistoryDevice.DefaultBlockSize * 2 });
        Assert.NotEqual(Reports.Silo(1), Place(2, "silo-1/gpu"));
        Report(1, 4, Reports.Idle with { Draining = true });
        Assert.NotEqual(Reports.Silo(1), Place(3, "silo-1/gpu"));
    }

    [Fact]
    public void Within_a_silo_the_device_of_the_session_is_chosen_too()
    {
        var report = new SiloReport
        {
            Silo = Reports.Silo(0),
            Name = "silo-0",
            Sequence = 3,
            Devices = [Reports.Idle with { Device = "a" }, Reports.Idle with { Device = "b" }, Reports.Idle with { Device = "c" }],
        };
        foreach (var device in report.Devices)
        {
            var hint = new SessionHint($"silo-0/{device.Device}", PromptBlocks);
            var choice = new LocalChoice(new KvQueuePolicy(), report, _caches, _ledger);
            choice.LookUp(Submission(), hint);
            Assert.Equal(hint.Device, choice.Choose(Needs(0, null)));
        }
    }

    [Fact]
    public void What_a_device_is_to_compute_is_told_without_what_it_has_cached()
    {
        var report = new SiloReport { Silo = Reports.Silo(0), Name = "silo-0", Sequence = 3, Devices = [Reports.Idle with { Device = "a" }] };
        var choice = new LocalChoice(new KvQueuePolicy(), report, _caches, _ledger);
        choice.LookUp(Submission(), new SessionHint("silo-0/a", PromptBlocks / 2));
        Assert.Equal(PromptBlocks / 2 * HistoryDevice.DefaultBlockSize, choice.CachedTokens(Submission(), "silo-0/a"));
        Assert.Equal(0, choice.CachedTokens(Submission(), "silo-0/b"));
        var fork = Submission() with { Request = Submission().Request with { KvSource = KvSource.OfFork(7) }, Prefer = "silo-0/a" };
        Assert.Equal(fork.Request.Prompt.Length - 1, choice.CachedTokens(fork, "silo-0/a"));
    }

    [Fact]
    public void Within_a_silo_power_and_the_prompts_of_the_last_seconds_count_as_they_do_between_silos()
    {
        var report = new SiloReport
        {
            Silo = Reports.Silo(0),
            Name = "silo-0",
            Sequence = 3,
            Devices = [Reports.Idle with { Device = "a" }, Reports.Idle with { Device = "b" }],
        };
        _ledger.Apply(report);
        var power = new PowerAwarePolicy();
        Assert.Equal("silo-0/a", new LocalChoice(power, report, _caches, _ledger).Choose(Needs(0, null)));
        _ledger.Change(static book => book.Assign(0, new PowerLevel { BudgetWatts = 200, Watts = 150, Price = 5 }, null, null, null));
        Assert.Equal("silo-0/b", new LocalChoice(power, report, _caches, _ledger).Choose(Needs(0, null)));
        _ledger.Change(static book => book.Assign(0, null, null, null, null));
        _ledger.Change(static book => book.View.Devices[0].PromptShare = 0.9);
        Assert.Equal("silo-0/b", new LocalChoice(power, report, _caches, _ledger).Choose(Needs(0, null)));
    }

    [Fact]
    public void Sessions_stay_with_a_device_that_works()
    {
        ReportAll();
        Assert.All(Enumerable.Range(0, 3), i => Assert.Null(_ledger.ReasonToLeave($"silo-{i}/gpu")));
        Assert.Null(_ledger.ReasonToLeave("silo-7/gpu"));
    }

    [Fact]
    public void Sessions_leave_a_drained_device_for_the_least_busy_one_of_another_silo()
    {
        ReportAll();
        Report(0, 2, Reports.Idle with { Draining = true });
        Report(1, 2, Reports.Idle with { Running = 3 });
        Assert.Equal(("drained", Reports.Silo(2)), _ledger.ReasonToLeave("silo-0/gpu"));
        Report(2, 2, Reports.Idle with { Running = 5 });
        Assert.Equal(("drained", Reports.Silo(1)), _ledger.ReasonToLeave("silo-0/gpu"));
        Report(1, 3, Reports.Idle with { Draining = true });
        Report(2, 3, Reports.Idle with { Draining = true });
        Assert.Null(_ledger.ReasonToLeave("silo-0/gpu"));
    }

    [Fact]
    public void Sessions_leave_a_device_over_its_budget_unless_all_are()
    {
        ReportAll();
        var node = new PowerLevel { BudgetWatts = 79 };
        _ledger.Change(book => book.Assign(0, null, node, null, null));
        Assert.Equal("power", _ledger.ReasonToLeave("silo-0/gpu")!.Value.Reason);
        node.BudgetWatts = 81;
        Assert.Null(_ledger.ReasonToLeave("silo-0/gpu"));
        var cluster = new PowerLevel { BudgetWatts = 100 };
        _ledger.Change(book =>
        {
            for (var i = 0; i < 3; i++)
            {
                book.Assign(i, null, null, null, cluster);
            }
        });
        Assert.Null(_ledger.ReasonToLeave("silo-0/gpu"));
    }

    [Fact]
    public void Sessions_do_not_flee_to_a_silo_that_is_silent()
    {
        ReportAll();
        _time.Advance(TimeSpan.FromSeconds(FactoryView.DefaultStaleSeconds + 1));
        Report(0, 2, Reports.Idle with { Draining = true });
        Assert.Null(_ledger.ReasonToLeave("silo-0/gpu"));
        Report(2, 2, Reports.Idle with { Running = 9 });
        Assert.Equal(("drained", Reports.Silo(2)), _ledger.ReasonToLeave("silo-0/gpu"));
    }

    private static PlacementNeeds Needs(long stream, SessionHint? hint) =>
        new() { Stream = stream, PromptTokens = (PromptBlocks * HistoryDevice.DefaultBlockSize) + 4, MaxTokens = 8, Session = hint };

    private static Submission Submission() => new()
    {
        Request = new InferenceRequest { Id = 1, RequestId = "call", Prompt = new int[(PromptBlocks * HistoryDevice.DefaultBlockSize) + 4], MaxTokens = 8 },
        Front = Reports.Silo(0),
        Observer = null!,
    };

    /// <summary>Places a call whose last turn was on <paramref name="device"/>, and ends it.</summary>
    private SiloAddress? Place(long stream, string device)
    {
        var silo = _ledger.Place(Needs(stream, new SessionHint(device, PromptBlocks)), [Reports.Silo(0), Reports.Silo(1), Reports.Silo(2)]);
        _ledger.Release(stream);
        return silo;
    }

    private void ReportAll()
    {
        for (var i = 0; i < 3; i++)
        {
            Report(i, 1, Reports.Idle);
        }
    }

    private void Report(int silo, long sequence, DeviceReport device) =>
        _ledger.Apply(new SiloReport { Silo = Reports.Silo(silo), Name = $"silo-{silo}", Sequence = sequence, Devices = [device] });
}
