using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Placement;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Tests.Grains.Placement;

public sealed class PlacementLedgerTests : LedgerTest
{
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
}
