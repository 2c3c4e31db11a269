using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class WaitingTests
{
    private readonly RecordingSink _sink = new();
    private readonly ManualTime _time = new();

    [Fact]
    public void A_higher_class_goes_first()
    {
        var engine = OneAtATime();
        engine.Submit(Request(1, 4, 3) with { Priority = RequestPriority.Batch });
        engine.Submit(Request(2, 4, 3) with { Priority = RequestPriority.Standard });
        engine.Submit(Request(3, 4, 3) with { Priority = RequestPriority.Interactive });
        Run(engine);
        Assert.Equal([3, 2, 1], _sink.Records.Keys);
    }

    [Fact]
    public void A_batch_request_does_not_starve_under_a_stream_of_interactive_ones()
    {
        var engine = OneAtATime();
        engine.Submit(Request(1000, 4, 3) with { Priority = RequestPriority.Batch });
        for (var id = 1; id <= 100 && !_sink.Records.ContainsKey(1000); id++)
        {
            engine.Submit(Request(id, 4, 3) with { Priority = RequestPriority.Interactive });
            engine.Step();
            engine.Step();
            engine.Step();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        // Two classes at ten seconds each.
        Assert.InRange(_sink.Records.Count, 20, 23);
    }

    [Fact]
    public void A_tenant_with_many_requests_gets_no_more_than_one_with_few()
    {
        var engine = OneAtATime();
        for (var id = 0; id < 20; id++)
        {
            engine.Submit(Request(id, 500, 12) with { Tenant = "greedy" });
        }

        for (var id = 100; id < 104; id++)
        {
            engine.Submit(Request(id, 500, 12) with { Tenant = "modest" });
        }

        Run(engine);
        var order = _sink.Records.Keys.ToList();
        Assert.InRange(order.IndexOf(103), 6, 9);
    }

    [Fact]
    public void A_tenant_with_long_requests_gets_as_many_tokens_as_one_with_short_ones()
    {
        var engine = OneAtATime();
        for (var id = 0; id < 40; id++)
        {
            engine.Submit(Request(id, 1000, 24) with { Tenant = "long" });
            engine.Submit(Request(100 + id, 100, 2) with { Tenant = "short" });
        }

        // By the time the short requests are half done, the long ones have been given about as many tokens.
        while (_sink.Records.Keys.Count(static id => id >= 100) < 20)
        {
            engine.Step();
        }

        var given = _sink.Records.Keys.Count(static id => id < 100) * 1024;
        Assert.InRange(given, 20 * 102 / 2, 20 * 102 * 2);
    }

    [Fact]
    public void A_waiting_request_past_its_deadline_ends_with_the_reason()
    {
        var engine = OneAtATime();
        engine.Submit(Request(1, 4, 50));
        engine.Submit(Request(2, 4, 5) with { Deadline = TimeSpan.FromSeconds(2) });
        engine.Step();
        _time.Advance(TimeSpan.FromSeconds(3));
        engine.Step();
        Assert.Equal(FinishReason.Deadline, _sink[2].Finish);
        Assert.Contains("2 s passed while the request was waiting", _sink[2].Error);
        Run(engine);
        Assert.Equal(Expected(1, 4, 50), _sink[1].Tokens);
    }

    [Theory]
    [InlineData(-5000, null)]
    [InlineData(-1, null)]
    [InlineData(0, null)]
    [InlineData(-5000, "[a-z]{3}")]
    [InlineData(-1, "[a-z]{3}")]
    [InlineData(0, "[a-z]{3}")]
    public void A_deadline_that_has_passed_before_the_request_came_ends_it(int milliseconds, string? regex)
    {
        // The clock is such that the deadline falls on its first tick.
        _time.Advance(TimeSpan.FromMilliseconds(-milliseconds) - TimeSpan.FromTicks(1));
        var engine = OneAtATime();
        engine.Submit(Request(1, 4, 3) with
        {
            Deadline = TimeSpan.FromMilliseconds(milliseconds),
            Sampling = SamplingParameters.Greedy with { Structure = regex is null ? null : new OutputStructure(GrammarSource.Regex(regex)) },
        });
        Run(engine);
        Assert.Equal((FinishReason.Deadline, 0L), (_sink[1].Finish, engine.LeftOver));
        Assert.Empty(_sink[1].Tokens);
    }

    [Fact]
    public void A_running_request_is_cut_at_its_deadline_and_keeps_its_output()
    {
        var engine = OneAtATime();
        engine.Submit(Request(1, 4, 50) with { Deadline = TimeSpan.FromSeconds(2) });
        engine.Step();
        engine.Step();
        _time.Advance(TimeSpan.FromSeconds(3));
        engine.Step();
        Assert.Equal(FinishReason.Deadline, _sink[1].Finish);
        Assert.Equal(Expected(1, 4, 2), _sink[1].Tokens);
        Assert.Equal(64, engine.State.FreeBlocks);
    }

    [Fact]
    public void A_sequence_that_has_begun_elsewhere_goes_first_and_has_a_place_beyond_the_batch()
    {
        var engine = EngineOver(new HistoryDevice(blocks: 64), _sink, new EngineOptions { MaxRunning = 1, MaxResumed = 1 }, _time);
        engine.Submit(Request(1, 4, 20));
        engine.Step();
        engine.Submit(Request(2, 4, 3) with { Priority = RequestPriority.Interactive });
        engine.Submit(Request(3, 14, 3) with { ResumedTokens = 10 });
        engine.Submit(Request(4, 14, 3) with { ResumedTokens = 10, Tenant = "other" });
        engine.Step();
        Assert.Equal([1, 3], _sink.Records.Keys);
        Run(engine);

        // The second of them takes the place of the first; what has not begun waits for the batch itself.
        Assert.Equal([1, 3, 4, 2], _sink.Records.Keys);
        Assert.Equal(Expected(3, 14, 3), _sink[3].Tokens);
    }

    [Fact]
    public void Sequences_that_have_begun_elsewhere_are_taken_beyond_the_places_of_the_others_and_take_none_of_those()
    {
        var engine = EngineOver(new HistoryDevice(blocks: 64), _sink, new EngineOptions { MaxRunning = 1, MaxWaiting = 1, MaxResumed = 2 }, _time);
        var id = 0L;
        void Take(bool resumed) => engine.Submit(Request(++id, 14, 3) with { ResumedTokens = resumed ? 10 : 0 });
        void Refuse(bool resumed) => Assert.Equal(RefusalReason.Overloaded, Assert.Throws<RequestRefusedException>(() => Take(resumed)).Reason);
        for (var round = 0; round < 2; round++)
        {
            Take(resumed: true);
            Take(resumed: false);
            Take(resumed: false);
            Refuse(resumed: false);
            Take(resumed: true);
            Refuse(resumed: true);
            Refuse(resumed: false);
            Run(engine);
            Assert.Equal(4 * (round + 1), _sink.Records.Count);
        }

        Assert.Equal(0, engine.LeftOver);
    }

    private InferenceEngine OneAtATime() =>
        EngineOver(new HistoryDevice(blocks: 64), _sink, new EngineOptions { MaxRunning = 1, Aging = TimeSpan.FromSeconds(10) }, _time);
}
