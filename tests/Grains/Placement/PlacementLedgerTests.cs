using System.Diagnostics.Metrics;
using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Kv;
using Crescent.Grains.Metrics;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Crescent.Tests.Grains.Kv;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Crescent.Tests.Grains.Placement;

public sealed class PlacementLedgerTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly Clock _clock = new();
    private readonly KvIndexFeed _caches;
    private readonly FactoryMetrics _metrics;
    private readonly PlacementLedger _ledger;

    public PlacementLedgerTests()
    {
        _metrics = new FactoryMetrics(_services.GetRequiredService<IMeterFactory>());
        _caches = new KvIndexFeed(new ManualDumps(), new ManualMembership(), _clock, _metrics, NullLogger<KvIndexFeed>.Instance);
        _ledger = Ledger(new LeastQueuePolicy(), new PlacementOptions());
    }

    public void Dispose()
    {
        _caches.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void A_call_stops_counting_twice_once_a_later_report_counts_it()
    {
        Report(0, 1);
        Place(7);
        _ledger.Accepted(7, new SubmissionReply { Device = "silo-0/gpu", Owner = Reports.Silo(0), ReportSequence = 3 });
        Report(0, 3);
        Assert.Equal((1, 1), Counts());
        Report(0, 4, Reports.Idle with { Running = 1 });
        Assert.Equal((1, 0), Counts());
        _ledger.Release(7);
        Assert.Equal((0, 0), Counts());

        (int Reserved, int Unseen) Counts() => _ledger.Snapshot().Select(static d => (d.State.Reserved, d.State.UnseenCalls)).Single();
    }

    [Fact]
    public void There_is_a_choice_where_two_devices_may_take_the_call()
    {
        Assert.False(_ledger.HasChoice(Needs(1)));
        Report(0, 1);
        Assert.False(_ledger.HasChoice(Needs(1)));
        Report(1, 1);
        Assert.True(_ledger.HasChoice(Needs(1)));
        Assert.False(_ledger.HasChoice(Needs(1) with { Avoid = ["silo-0/gpu"] }));
        Report(1, 2, Drained);
        Assert.False(_ledger.HasChoice(Needs(1)));
    }

    [Fact]
    public void A_report_of_a_silo_that_calls_cannot_be_sent_to_does_not_make_it_reachable()
    {
        Report(0, 1, Reports.Idle with { Waiting = 9 });
        Report(1, 1);
        Assert.Equal(Reports.Silo(0), _ledger.Place(Needs(1), [Reports.Silo(0)]));
        Report(1, 2);
        Assert.Equal(Reports.Silo(0), _ledger.Place(Needs(2), [Reports.Silo(0)]));
        Assert.Equal(Reports.Silo(1), _ledger.Place(Needs(3), [Reports.Silo(0), Reports.Silo(1)]));
    }

    [Fact]
    public void A_device_that_its_silo_has_no_more_is_forgotten_and_the_others_stay()
    {
        _ledger.Apply(new SiloReport { Silo = Reports.Silo(0), Name = "silo-0", Sequence = 1, Devices = [Reports.Idle, Reports.Idle with { Device = "other" }] });
        Report(1, 1);
        Report(0, 2);
        Assert.Equal([("silo-0", "gpu"), ("silo-1", "gpu")], _ledger.Newest().Select(static d => (d.Silo, d.Report.Device)));
    }

    [Fact]
    public void An_older_report_is_dropped()
    {
        Report(0, 5, Reports.Idle with { Running = 5 });
        Report(0, 4, Reports.Idle with { Running = 4 });
        Assert.Equal(5, _ledger.Snapshot().Single().Report.Running);
    }

    [Fact]
    public void A_restarted_silo_takes_the_place_of_its_former_self()
    {
        Report(0, 500);
        _ledger.Apply(new SiloReport { Silo = Reports.Silo(9), Name = "silo-0", Sequence = 1, Devices = [Reports.Idle] });
        var device = _ledger.Snapshot().Single();
        Assert.Equal((Reports.Silo(9), 1L), (device.Silo, device.State.Sequence));
    }

    [Fact]
    public void What_a_silo_said_before_its_restart_does_not_bring_its_former_self_back()
    {
        _ledger.Apply(new SiloReport { Silo = Reports.Silo(0, generation: 2), Name = "silo-0", Sequence = 1, Devices = [Reports.Idle] });
        Report(0, 500);
        Assert.Equal(Reports.Silo(0, generation: 2), _ledger.Snapshot().Single().Silo);
    }

    [Fact]
    public void A_device_that_its_silo_no_longer_names_is_gone()
    {
        _ledger.Apply(Two("a", "b", 1));
        _ledger.Apply(Two("b", "c", 2));
        Assert.Equal(["silo-0/b", "silo-0/c"], _ledger.Snapshot().Select(static d => d.State.Key));
        Assert.Equal(["b", "c"], _ledger.Newest().Select(static d => d.Report.Device));

        static SiloReport Two(string first, string second, long sequence) => new()
        {
            Silo = Reports.Silo(0),
            Name = "silo-0",
            Sequence = sequence,
            Devices = [Reports.Idle with { Device = first }, Reports.Idle with { Device = second }],
        };
    }

    [Fact]
    public void A_silo_that_left_takes_its_devices_with_it()
    {
        Report(0, 1);
        Report(1, 1);
        _ledger.Keep(silo => silo.Equals(Reports.Silo(1)));
        Assert.Equal("silo-1/gpu", _ledger.Snapshot().Single().State.Key);
        Assert.Equal(Reports.Silo(1), Place(1));
    }

    [Fact]
    public void A_silo_where_Orleans_cannot_place_gets_no_calls()
    {
        Report(0, 1);
        Report(1, 1);
        for (var i = 1; i < 5; i++)
        {
            Assert.Equal(Reports.Silo(1), _ledger.Place(Needs(i), [Reports.Silo(1)]));
        }

        Assert.Null(_ledger.Place(Needs(9), []));
    }

    [Fact]
    public void A_device_that_falls_silent_gets_no_calls_until_it_is_heard_again()
    {
        Report(0, 1);
        _clock.Advance(3.5);
        Assert.Null(Place(1));
        Assert.Equal(RefusalReason.Unavailable, _ledger.Refuse(Needs(1))!.Reason);
        Report(0, 2);
        Assert.NotNull(Place(1));
    }

    [Fact]
    public void The_room_of_drained_and_silent_devices_does_not_count_while_others_take_calls()
    {
        Report(0, 1);
        Report(1, 1, Reports.Idle with { TotalBlocks = 50 });
        Assert.Equal(1600, _ledger.MaxPositions(null));
        Report(0, 2, draining: true);
        Assert.Equal(800, _ledger.MaxPositions(null));
        Report(0, 3);
        _clock.Advance(3.5);
        Report(1, 2, Reports.Idle with { TotalBlocks = 50 });
        Assert.Equal(800, _ledger.MaxPositions(null));
        _clock.Advance(3.5);
        Assert.Equal(1600, _ledger.MaxPositions(null));
    }

    [Fact]
    public void A_silo_that_comes_or_comes_back_takes_calls_before_one_was_placed_on_it()
    {
        Report(0, 1);
        Assert.NotNull(_ledger.Place(Needs(1), [Reports.Silo(0)]));
        _ledger.Apply(Silo(0, 1, Reports.Idle) with { Silo = Reports.Silo(0, generation: 2) });
        Assert.Null(_ledger.Refuse(Needs(2)));
        Assert.Equal(Reports.Silo(0, generation: 2), _ledger.Place(Needs(2), [Reports.Silo(0, generation: 2)]));
        Report(0, 2, draining: true);
        Report(1, 1);
        Assert.Null(_ledger.Refuse(Needs(3)));
        Assert.Equal(Reports.Silo(1), _ledger.Place(Needs(3), [Reports.Silo(0, generation: 2), Reports.Silo(1)]));
    }

    [Fact]
    public void A_call_goes_to_devices_with_its_model_only_and_is_told_when_there_is_none()
    {
        Report(0, 1, Reports.Idle with { Model = "small", TotalBlocks = 50 });
        Report(1, 1, Reports.Idle with { Model = "large", Waiting = 9 });
        Assert.Equal(Reports.Silo(0), _ledger.Place(Needs(1) with { Model = "small" }, [Reports.Silo(0), Reports.Silo(1)]));
        Assert.Equal(Reports.Silo(1), _ledger.Place(Needs(2) with { Model = "large" }, [Reports.Silo(0), Reports.Silo(1)]));
        Assert.Equal((800, 1600, 0), (_ledger.MaxPositions("small"), _ledger.MaxPositions("large"), _ledger.MaxPositions("other")));
        var none = _ledger.Refuse(Needs(3) with { Model = "other" })!;
        Assert.Equal((RefusalReason.Unavailable, "No device serves other now."), (none.Reason, none.Message));

        // Drained, it is left by nobody: the other device has another model.
        Report(0, 2, Reports.Idle with { Model = "small", TotalBlocks = 50, Draining = true, OutOfService = true });
        Assert.Null(_ledger.TryMove(1, "silo-0/gpu", 64, waits: false));
        Report(1, 2, Reports.Idle with { Model = "small" });
        Assert.NotNull(_ledger.TryMove(1, "silo-0/gpu", 64, waits: false));
    }

    [Fact]
    public void Refusals_say_why()
    {
        Assert.Contains("No device", _ledger.Refuse(Needs(1))!.Message, StringComparison.Ordinal);
        Report(0, 1, draining: true);
        Assert.Equal(RefusalReason.Stopping, _ledger.Refuse(Needs(1))!.Reason);
        Report(0, 2, Reports.Idle with { Waiting = FactoryView.DefaultMaxQueued });
        var full = _ledger.Refuse(Needs(1))!;
        Assert.Equal(RefusalReason.Overloaded, full.Reason);
        Assert.InRange(full.RetryAfter!.Value.TotalSeconds, 1, 60);
        Assert.Equal(RefusalReason.TooLong, _ledger.Refuse(Needs(1) with { MaxTokens = 2000 })!.Reason);
        Assert.Equal(1600, _ledger.MaxPositions(null));
    }

    [Fact]
    public void A_call_that_would_come_too_late_is_refused_at_once_where_that_is_asked_for_and_nothing_was_emitted()
    {
        var options = new PlacementOptions { Weights = new PowerWeights { ShedAbove = 1 } };
        var ledger = Ledger(new PowerAwarePolicy(options.Weights), options);
        ledger.Apply(Silo(0, 1, Reports.Idle with { Running = 10, QueuedPromptTokens = 200_000 }));
        var refusal = ledger.Refuse(Needs(1) with { MayShed = true })!;
        Assert.Equal(RefusalReason.Overloaded, refusal.Reason);
        Assert.Contains("in the promised time", refusal.Message, StringComparison.Ordinal);
        Assert.InRange(refusal.RetryAfter!.Value.TotalSeconds, 1, 60);
        Assert.Null(ledger.Refuse(Needs(1)));
        Assert.NotNull(ledger.Place(Needs(1), [Reports.Silo(0)]));
    }

    [Fact]
    public void A_reservation_that_nobody_releases_ends_with_its_lease_unless_its_stream_is_open()
    {
        Report(0, 1);
        Place(1);
        Place(2);
        _clock.Advance(PlacementOptions.DefaultReservationLeaseSeconds - 1);
        _ledger.Expire(static _ => false);
        Assert.Equal(2, _ledger.ReservationCount);
        _clock.Advance(2);
        _ledger.Expire(static stream => stream == 2);
        Assert.Equal(1, _ledger.ReservationCount);
        Assert.Equal(1, _ledger.Snapshot().Single().State.Reserved);
    }

    [Fact]
    public void Placing_a_stream_again_replaces_its_reservation()
    {
        Report(0, 1);
        Place(1);
        Place(1);
        Assert.Equal(1, _ledger.ReservationCount);
        Assert.Equal(1, _ledger.Snapshot().Single().State.Reserved);
    }

    [Theory]
    [InlineData(true, "silo-0/gpu is drained by an operator")]
    [InlineData(false, "silo-0/gpu is drained for want of power")]
    public void A_stream_leaves_a_drained_device_and_says_who_drained_it(bool byOperator, string reason)
    {
        OneOfTwo();
        Assert.Null(_ledger.TryMove(1, "silo-0/gpu", 64, waits: false));
        Report(0, 2, Drained with { OutOfService = byOperator });
        Assert.Equal(reason, _ledger.TryMove(1, "silo-0/gpu", 64, waits: false));
        Assert.Equal([0, 1], _ledger.Snapshot().Select(static d => d.State.Reserved));
    }

    [Fact]
    public void A_stream_stays_on_a_drained_device_while_no_other_may_take_it()
    {
        OneOfTwo();
        Report(0, 2, Drained);
        Report(1, 2, Reports.Idle with { Waiting = FactoryView.DefaultMaxQueued });
        Assert.Null(_ledger.TryMove(1, "silo-0/gpu", 64, waits: false));
        Report(1, 3, Reports.Idle with { FreeBlocks = 0 });
        Assert.Null(_ledger.TryMove(1, "silo-0/gpu", 64, waits: false));
        Assert.Equal([1, 0], _ledger.Snapshot().Select(static d => d.State.Reserved));
        Report(1, 4);
        Assert.NotNull(_ledger.TryMove(1, "silo-0/gpu", 64, waits: false));
    }

    [Fact]
    public void The_tokens_that_have_come_need_blocks_too_where_a_stream_goes()
    {
        OneOfTwo();
        Report(0, 2, Drained);

        // Five blocks are 80 positions: the prompt of 64 fits, with 32 tokens more it does not.
        Report(1, 2, Reports.Idle with { FreeBlocks = 5 });
        Assert.Null(_ledger.TryMove(1, "silo-0/gpu", 32, waits: false));
        Assert.NotNull(_ledger.TryMove(1, "silo-0/gpu", 64, waits: false));
    }

    [Fact]
    public void No_more_streams_leave_a_drained_device_than_the_others_have_room_for()
    {
        Report(0, 1);
        for (var stream = 1; stream <= 5; stream++)
        {
            Taken(stream, "silo-0/gpu");
        }

        Report(1, 1, Reports.Idle with { Waiting = FactoryView.DefaultMaxQueued - 2 });
        Report(0, 2, Drained);
        Assert.Equal([1, 2], Enumerable.Range(1, 5).Where(s => _ledger.TryMove(s, "silo-0/gpu", 64, waits: false) is not null));

        // The room that they were charged is theirs, and no other call's.
        Assert.Equal(RefusalReason.Overloaded, _ledger.Refuse(Needs(9))!.Reason);
        var moved = Needs(1) with { Avoid = ["silo-0/gpu"] };
        Assert.Null(_ledger.Refuse(moved));
        Assert.Equal(Reports.Silo(1), _ledger.Place(moved, [Reports.Silo(0), Reports.Silo(1)]));
        Assert.Equal(5, _ledger.ReservationCount);
    }

    [Fact]
    public void An_operator_has_a_device_emptied_onto_others_that_lack_power_and_the_governor_does_not()
    {
        OneOfTwo();
        _ledger.Change(static book => book.Assign(1, new PowerLevel { BudgetWatts = Reports.Idle.Watts + 1 }, null, null, null));
        Report(0, 2, Drained);
        Assert.Null(_ledger.TryMove(1, "silo-0/gpu", 64, waits: false));
        Report(0, 3, Drained with { OutOfService = true });
        Assert.NotNull(_ledger.TryMove(1, "silo-0/gpu", 64, waits: false));
    }

    [Fact]
    public void A_stream_stays_with_a_silo_that_stops()
    {
        OneOfTwo();
        Report(0, 2, draining: true);
        Assert.Null(_ledger.TryMove(1, "silo-0/gpu", 64, waits: true));
    }

    [Fact]
    public void A_call_that_waits_leaves_only_for_a_device_that_saves_more_than_the_margin()
    {
        OneOfTwo();

        // Ten others are before it; the margin is half of that.
        Report(0, 2, Reports.Idle with { Waiting = 11 });
        Report(1, 2, Reports.Idle with { Waiting = 5 });
        Assert.Null(_ledger.TryMove(1, "silo-0/gpu", 64, waits: true));
        Report(1, 3, Reports.Idle with { Waiting = 4 });
        Assert.Null(_ledger.TryMove(1, "silo-0/gpu", 64, waits: false));
        Assert.Equal("it waits at silo-0/gpu, and another device saves 6.0 points", _ledger.TryMove(1, "silo-0/gpu", 64, waits: true));
    }

    private static DeviceReport Drained => Reports.Idle with { Draining = true };

    /// <summary>Two idle devices, the first of which has stream 1.</summary>
    private void OneOfTwo()
    {
        Report(0, 1);
        Taken(1, "silo-0/gpu");
        Report(1, 1);
    }

    private void Taken(long stream, string device)
    {
        Place(stream);
        _ledger.Accepted(stream, new SubmissionReply { Device = device, Owner = Reports.Silo(0), ReportSequence = 1 });
    }

    private static PlacementNeeds Needs(long stream) => new() { Stream = stream, PromptTokens = 64, MaxTokens = 64 };

    private SiloAddress? Place(long stream) => _ledger.Place(Needs(stream), [Reports.Silo(0), Reports.Silo(1)]);

    private PlacementLedger Ledger(IPlacementPolicy policy, PlacementOptions options) =>
        new(policy, Options.Create(options), new LocalSilo(), _clock, _metrics, new PrefixOverlap(_caches));

    private void Report(int silo, long sequence, DeviceReport? device = null, bool draining = false) =>
        _ledger.Apply(Silo(silo, sequence, device ?? Reports.Idle, draining));

    private static SiloReport Silo(int silo, long sequence, DeviceReport device, bool draining = false) => new()
    {
        Silo = Reports.Silo(silo),
        Name = $"silo-{silo}",
        Sequence = sequence,
        Draining = draining,
        Devices = [device],
    };

    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long GetTimestamp() => _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(double seconds) => _ticks += TimeSpan.FromSeconds(seconds).Ticks;
    }
}
