using Crescent.Control.Placement;
using Crescent.Grains.Placement;
using Crescent.Tests.Control.Placement;

namespace Crescent.Tests.Grains.Placement;

public sealed class DecisionRingTests
{
    private readonly PowerAwarePolicy _policy = new();
    private readonly DecisionRing _ring;

    public DecisionRingTests() => _ring = new DecisionRing(_policy, "front", TimeProvider.System, capacity: 4);

    [Fact]
    public void A_decision_is_found_with_all_that_it_was_made_of()
    {
        var view = Views.Of(Views.Idle, Views.Idle with { Running = 3 }, Views.Idle);
        view.Devices[2].Draining = true;
        view.ChangeOverlap()[1] = 2;
        var decision = Record("chatcmpl-a", 1, view);
        var report = Assert.Single(_ring.Find("chatcmpl-a"));
        Assert.Equal(("front", "power-aware", Views.Key(decision.Device)), (report.Silo, report.Policy, report.Chosen));
        Assert.Equal(_policy.TermNames, report.Terms);
        Assert.Equal(["Open", "Open", "Draining"], report.Candidates.Select(static c => c.Gate));
        Assert.Equal([0, 32, 0], report.Candidates.Select(static c => c.CachedTokens));
        Assert.Equal(decision.Terms.Score, report.Candidates[decision.Device].Score, 4);
        Assert.All(report.Candidates, static c => Assert.Equal(c.Terms.Sum(), c.Score, 4));
        Assert.Equal(_policy.Foresee(Views.Call(), view, 0).TtftSeconds, report.Candidates[0].TtftSeconds!.Value, 5);
        Assert.Null(report.Taken);
        _ring.Took(1, "silo-1/other");
        Assert.Equal("silo-1/other", _ring.Find("chatcmpl-a").Single().Taken);
    }

    [Fact]
    public void Attempts_and_choices_of_a_request_come_oldest_first_and_no_other_request_with_them()
    {
        var view = Views.Of(Views.Idle);
        Record("chatcmpl-a-0", 1, view);
        Record("chatcmpl-a-11", 2, view);
        Record("chatcmpl-ab", 3, view);
        Record("chatcmpl-a-2", 1, view);
        Assert.Equal(["chatcmpl-a-0", "chatcmpl-a-11", "chatcmpl-a-2"], _ring.Find("chatcmpl-a").Select(static d => d.RequestId));
        Assert.Empty(_ring.Find("chatcmpl-"));
    }

    [Fact]
    public void The_oldest_decision_makes_room_and_recording_then_allocates_nothing()
    {
        var view = Views.Of(Views.Idle, Views.Idle);
        for (var i = 0; i < 6; i++)
        {
            Record($"chatcmpl-{i}", i, view);
        }

        Assert.Empty(_ring.Find("chatcmpl-1"));
        Assert.Single(_ring.Find("chatcmpl-2"));
        var (needs, call) = (Needs("chatcmpl-x", 9), Views.Call());
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            _ring.Begin(needs, call, view);
            _ring.Decided(call, view, new PlacementDecision(1, default));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Of_a_large_factory_the_chosen_device_is_kept()
    {
        var view = Views.Of([.. Enumerable.Range(0, 200).Select(static i => Views.Idle with { QueuedPromptTokens = i == 150 ? 0 : 50_000 })]);
        Assert.Equal(150, Record("chatcmpl-a", 1, view).Device);
        var report = _ring.Find("chatcmpl-a").Single();
        Assert.Equal(72, report.Omitted);
        Assert.Equal(Views.Key(150), report.Chosen);
        Assert.Equal(report.Candidates.Min(static c => c.Score), report.Candidates.Single(c => c.Device == report.Chosen).Score);
    }

    private static PlacementNeeds Needs(string requestId, long stream) => new() { Stream = stream, RequestId = requestId, PromptTokens = 64, MaxTokens = 64, ExpectedTokens = 64 };

    private PlacementDecision Record(string requestId, long stream, FactoryView view)
    {
        var call = Views.Call();
        _ring.Begin(Needs(requestId, stream), call, view);
        var decision = _policy.Choose(call, view);
        _ring.Decided(call, view, decision);
        return decision;
    }
}
