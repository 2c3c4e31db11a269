using Crescent.Engine.Scheduling;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Tests.Grains.Placement;

/// <summary>Which devices a ledger knows and takes for reachable, as silos come, report, go and come back.</summary>
public sealed class DeviceOwnersTests : LedgerTest
{
    [Fact]
    public void A_report_of_a_silo_that_calls_cannot_be_sent_to_does_not_make_it_reachable()
    {
        Report(0, 1, Reports.Idle with { Waiting = 9 });
        Report(1, 1);
        Assert.Equal(Reports.Silo(0), _ledger.Place(Needs(1), [Reports.Silo(0)]));
        Report(1, 2);
        Assert.False(_ledger.HasChoice(Needs(2)));
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
    public void The_only_device_gets_calls_although_one_came_before_it_was_known_that_its_silo_takes_any()
    {
        Report(0, 1);
        Assert.Null(_ledger.Place(Needs(1), []));
        _clock.Advance(DeviceOwners.TryAgainSeconds / 2);
        Report(0, 2);
        Assert.Contains("takes calls yet", _ledger.Refuse(Needs(1))!.Message, StringComparison.Ordinal);
        _clock.Advance(DeviceOwners.TryAgainSeconds / 2);
        Report(0, 3);
        Assert.Null(_ledger.Refuse(Needs(1)));
        Assert.Null(_ledger.Place(Needs(1), []));
        Assert.NotNull(_ledger.Refuse(Needs(1)));
        _clock.Advance(DeviceOwners.TryAgainSeconds);
        Report(0, 4);
        Assert.Null(_ledger.Refuse(Needs(1)));
        Assert.Equal(Reports.Silo(0), _ledger.Place(Needs(1), [Reports.Silo(0)]));
    }

    [Fact]
    public void No_stream_leaves_for_a_silo_that_is_only_tried_again()
    {
        Report(0, 1);
        Assert.Equal(Reports.Silo(0), Place(1));
        _ledger.Accepted(1, new SubmissionReply { Device = "silo-0/gpu", Owner = Reports.Silo(0), ReportSequence = 1 });
        Report(1, 1);
        Assert.Equal(Reports.Silo(0), _ledger.Place(Needs(2), [Reports.Silo(0)]));
        _clock.Advance(DeviceOwners.TryAgainSeconds);
        Report(1, 2);
        Report(0, 2, Drained);
        Assert.Null(_ledger.Refuse(Needs(3)));
        Assert.Null(_ledger.TryMove(1, "silo-0/gpu", 64, waits: false));
        Assert.Equal(Reports.Silo(1), Place(3));
        Assert.NotNull(_ledger.TryMove(1, "silo-0/gpu", 64, waits: false));
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
}
