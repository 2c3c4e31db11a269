using System.Diagnostics.Metrics;
using Crescent.Control.Placement;
using Crescent.Grains.Frames;
using Crescent.Grains.Kv;
using Crescent.Grains.Metrics;
using Crescent.Grains.Placement;
using Crescent.Grains.Streams;
using Crescent.Grains.Telemetry;
using Crescent.Tests.Engine.Scheduling;
using Crescent.Tests.Grains.Frames;
using Crescent.Tests.Grains.Kv;
using Crescent.Tests.Grains.Placement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Crescent.Tests.Grains.Streams;

/// <summary>One stream on a busy device, beside an idle one.</summary>
public sealed class StreamMovesTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ManualTime _time = new();
    private readonly KvIndexFeed _caches;
    private readonly PlacementLedger _ledger;
    private readonly TokenRouter _router;
    private readonly TokenStream _stream;
    private readonly ManualTimers _timers;
    private int _told;
    private readonly FactoryMetrics _metrics;
    private readonly StreamMoves _moves;

    public StreamMovesTests()
    {
        var metrics = _metrics = new FactoryMetrics(_services.GetRequiredService<IMeterFactory>());
        _caches = new KvIndexFeed(new ManualDumps(), new ManualMembership(), _time, metrics, NullLogger<KvIndexFeed>.Instance);
        _ledger = new PlacementLedger(
            new LeastQueuePolicy(), Options.Create(new PlacementOptions()), new LocalSilo(), _time, metrics, new PrefixOverlap(_caches));
        _router = new TokenRouter(null!, _time, metrics);
        _stream = _router.Open(maxTokens: 64);
        _timers = new ManualTimers(_time);
        _moves = Moves(_time);
    }

    public void Dispose()
    {
        _moves.Dispose();
        _caches.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void A_call_that_waits_moves_however_many_devices_have_refused_it()
    {
        Tries(5);
        Begin();
        _moves.Look();
        Assert.Equal(1, _stream.Moves);
    }

    [Fact]
    public void A_call_that_has_just_come_stays()
    {
        Begin(waitedSeconds: 0.4);
        _moves.Look();
        Assert.Equal(0, _stream.Moves);
    }

    [Fact]
    public void A_call_with_a_token_does_not_wait()
    {
        var ticket = Begin();
        _stream.Give(ticket, Records.Output(0, 10, "a"));
        _time.Advance(TimeSpan.FromSeconds(1));
        Report(0, 3, Busy);
        Report(1, 3, Reports.Idle);
        _moves.Look();
        Assert.Equal(0, _stream.Moves);
    }

    [Fact]
    public void A_call_that_waits_wanders_three_times_and_leaves_a_drained_device_all_the_same()
    {
        for (var i = 0; i < 5; i++)
        {
            Begin(sequence: 10 * (i + 1));
            _moves.Look();
        }

        Assert.Equal(3, _stream.Moves);
        Report(0, 100, Busy with { Draining = true });
        _moves.Look();
        Assert.Equal(4, _stream.Moves);
    }

    [Fact]
    public void Half_of_the_tickets_are_left_for_devices_that_are_really_lost()
    {
        Tries(126);
        Begin();
        Report(0, 100, Busy with { Draining = true });
        _moves.Look();
        Assert.Equal((127, 1), (_stream.Ticket.Attempt, _stream.Moves));
        Begin(sequence: 200);
        Report(0, 300, Busy with { Draining = true });
        _moves.Look();
        Assert.Equal((128, 1), (_stream.Ticket.Attempt, _stream.Moves));
    }

    [Fact]
    public async Task A_look_comes_four_times_a_second_by_itself()
    {
        Begin();
        using var moves = Moves(_timers);
        await moves.StartAsync(TestContext.Current.CancellationToken);
        await FactoryCluster.Until(() => !_timers.Periods.IsEmpty, "it has begun to look");
        Assert.Equal([TimeSpan.FromMilliseconds(250)], _timers.Periods);
        Assert.Equal(0, _stream.Moves);
        _timers.Fire();
        await FactoryCluster.Until(() => _stream.Moves == 1, "the look has come");
        await moves.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_stream_leaves_a_device_of_which_nothing_is_heard()
    {
        var ticket = Begin();
        _stream.Give(ticket, Records.Output(0, 10, "a"));
        Silence(seconds: 2.5);
        Assert.Equal(0, _stream.Moves);
        Silence(seconds: 1);
        Assert.Equal((1, 0), (_stream.Moves, _stream.Losses));
    }

    [Fact]
    public void A_stream_stays_where_others_are_silent_too_or_tokens_come()
    {
        var ticket = Begin();
        _stream.Give(ticket, Records.Output(0, 10, "a"));
        for (var i = 0; i < 20; i++)
        {
            _time.Advance(DeviceSilence.Interval);
            _moves.Look();
        }

        Assert.Equal(0, _stream.Moves);
        for (var i = 1; i < 20; i++)
        {
            _stream.Give(ticket, Records.Output(i, 10, "a"));
            Silence(seconds: 0.25);
        }

        Assert.Equal(0, _stream.Moves);
    }

    [Fact]
    public void A_silo_that_stood_still_itself_does_not_take_the_others_for_silent()
    {
        Begin();
        _stream.Give(_stream.Ticket, Records.Output(0, 10, "a"));
        _moves.Look();
        _time.Advance(TimeSpan.FromSeconds(30));
        Report(1, 9_000, Reports.Idle);
        _moves.Look();
        Assert.Equal(0, _stream.Moves);
    }

    [Fact]
    public void A_stream_that_has_moved_off_a_silent_device_has_more_patience_with_the_next()
    {
        var ticket = Begin();
        _stream.Give(ticket, Records.Output(0, 10, "a"));
        Silence(seconds: 3.5);
        Assert.Equal(1, _stream.Moves);
        ticket = Begin(sequence: 5_000);
        _stream.Give(ticket, Records.Output(1, 10, "a"));
        Silence(seconds: 5.5);
        Assert.Equal(1, _stream.Moves);
        Silence(seconds: 1);
        Assert.Equal(2, _stream.Moves);
    }

    private StreamMoves Moves(TimeProvider time) => new(
        _router, _ledger, new DeviceSilence(_ledger, _time), Options.Create(new GenerationOptions()), time, _metrics, NullLogger<StreamMoves>.Instance);

    /// <summary>Only the idle device tells of itself, for so long.</summary>
    private void Silence(double seconds)
    {
        for (var passed = 0.0; passed < seconds; passed += DeviceSilence.Interval.TotalSeconds)
        {
            _time.Advance(DeviceSilence.Interval);
            Report(1, 10_000 + _told++, Reports.Idle);
            _moves.Look();
        }
    }

    private static DeviceReport Busy => Reports.Idle with { Waiting = 9 };

    private void Tries(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _stream.BeginAttempt();
        }
    }

    /// <summary>The busy device takes the next attempt; it has waited there for a while since.</summary>
    private StreamTicket Begin(double waitedSeconds = 1, long sequence = 1)
    {
        Report(0, sequence, Busy);
        Report(1, sequence, Busy);
        var ticket = _stream.BeginAttempt().Ticket;
        Assert.NotNull(_ledger.Place(new PlacementNeeds { Stream = _stream.Id, PromptTokens = 64, MaxTokens = 64 }, [Reports.Silo(0), Reports.Silo(1)]));
        _ledger.Accepted(_stream.Id, new SubmissionReply { Device = "silo-0/gpu", Owner = Reports.Silo(0), ReportSequence = sequence });
        _stream.Assign(ticket, "silo-0/gpu", Reports.Silo(0));
        _time.Advance(TimeSpan.FromSeconds(waitedSeconds));
        Report(0, sequence + 1, Busy with { Waiting = 10 });
        Report(1, sequence + 1, Reports.Idle);
        return ticket;
    }

    private void Report(int silo, long sequence, DeviceReport device) => _ledger.Apply(new SiloReport
    {
        Silo = Reports.Silo(silo),
        Name = $"silo-{silo}",
        Sequence = sequence,
        Devices = [device],
    });
}
