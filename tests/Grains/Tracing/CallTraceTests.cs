using System.Diagnostics;
using Crescent.Grains.Streams;
using Crescent.Grains.Tracing;
using Orleans.TestingHost;

namespace Crescent.Tests.Grains.Tracing;

public sealed class CallTraceTests(FactoryCluster factory) : FactoryClusterTest(factory)
{
    [Fact]
    public async Task A_call_has_its_placement_and_what_its_device_did_under_its_attempt_and_their_times_add_up()
    {
        using var watch = new SpanWatch();
        var call = FactoryCluster.Call(1) with { TraceParent = watch.Parent() };
        var running = Start(Factory.Silos[0], call);
        await running.Ended;
        AssertComplete(running);
        await watch.Until(7);

        var whole = watch.One("chat ");
        Assert.Equal(watch.Root, whole.ParentSpanId.ToHexString());
        var attempt = Assert.Single(watch.Below(whole));
        Assert.Equal(SpanNames.Attempt, attempt.DisplayName);
        Assert.Equal([SpanNames.Place, SpanNames.Execute], watch.Below(attempt).Select(static span => span.DisplayName));
        var execute = watch.One(SpanNames.Execute);
        var parts = watch.Below(execute);
        Assert.Equal([SpanNames.Queue, SpanNames.Prefill, SpanNames.Decode], parts.Select(static span => span.DisplayName));

        // Each goes on where the one before ends, from the first moment to the last, and they are what the call is told to have taken.
        Assert.Equal(execute.StartTimeUtc, parts[0].StartTimeUtc);
        Assert.Equal(parts[0].StartTimeUtc + parts[0].Duration, parts[1].StartTimeUtc);
        Assert.Equal(parts[1].StartTimeUtc + parts[1].Duration, parts[2].StartTimeUtc);
        Assert.Equal(execute.Duration, parts[0].Duration + parts[1].Duration + parts[2].Duration);
        var usage = running.Usage!;
        Assert.Equal(usage.QueueSeconds + usage.PrefillSeconds + usage.DecodeSeconds, execute.Duration.TotalSeconds, 1e-6);
        Assert.InRange(execute.StartTimeUtc, attempt.StartTimeUtc, attempt.StartTimeUtc + attempt.Duration);

        Assert.Equal(call.Prompt.Length, whole.GetTagItem(SemanticNames.InputTokens));
        Assert.Equal(call.MaxTokens, whole.GetTagItem(SemanticNames.OutputTokens));
        Assert.Equal(usage.Device, execute.GetTagItem(SpanNames.Device));
        Assert.Equal(usage.Joules, (double)execute.GetTagItem(SemanticNames.HardwareEnergy)!, 1e-9);
    }

    [Fact]
    public async Task A_placement_tells_its_candidates_with_the_terms_of_their_scores()
    {
        using var watch = new SpanWatch();
        await Start(Factory.Silos[0], FactoryCluster.Call(2) with { TraceParent = watch.Parent() }).Ended;
        await watch.Until(7);
        var place = watch.One(SpanNames.Place);
        Assert.Equal("least-queue", place.GetTagItem(SpanNames.Policy));
        Assert.Equal(3, place.GetTagItem(SpanNames.Candidates));
        Assert.Equal(watch.One(SpanNames.Execute).GetTagItem(SpanNames.Device), place.GetTagItem(SpanNames.Device));
        var candidates = place.Events.ToList();
        Assert.Equal(3, candidates.Count);
        Assert.All(candidates, static candidate => Assert.Contains(candidate.Tags, static tag => tag.Key == $"{SpanNames.Term}sequences"));
        Assert.Equal(place.GetTagItem(SpanNames.Device), candidates[0].Tags.Single(static tag => tag.Key == SpanNames.Device).Value);
    }

    [Fact]
    public async Task A_stream_whose_device_is_lost_has_a_failed_attempt_what_it_took_to_go_on_and_another_attempt()
    {
        using var watch = new SpanWatch();
        HoldAll();
        var (running, stream) = await Placed(Factory.Silos[0], watch, 3);
        var device = stream.Device!;
        Factory.EngineOf(device).Allow(4);
        await FactoryCluster.Until(() => running.Count > 0, "tokens come");
        stream.LoseAttempt(stream.Ticket, "the test says so");
        foreach (var silo in Factory.Silos)
        {
            Factory.Engine(silo).Free();
        }

        await running.Ended;
        AssertComplete(running);
        await FactoryCluster.Until(() => watch.Ended.Any(static span => span.DisplayName.StartsWith("chat", StringComparison.Ordinal)) && watch.Ended.Count(static span => span.DisplayName == SpanNames.Execute) == 2, "all spans have ended");
        var whole = watch.One("chat ");
        var below = watch.Below(whole);
        Assert.Equal([SpanNames.Attempt, SpanNames.Resume, SpanNames.Attempt], below.Select(static span => span.DisplayName));
        Assert.Equal([ActivityStatusCode.Error, ActivityStatusCode.Unset, ActivityStatusCode.Unset], below.Select(static span => span.Status));
        Assert.Equal([device, device], [below[0].GetTagItem(SpanNames.Device), below[1].GetTagItem(SpanNames.FromDevice)]);
        Assert.Equal("the test says so", below[0].StatusDescription);
        Assert.True((int)below[1].GetTagItem(SpanNames.TokensBefore)! > 0);
        Assert.Equal(below[1].GetTagItem(SpanNames.Device), below[2].GetTagItem(SpanNames.Device));
        Assert.NotEqual(device, below[2].GetTagItem(SpanNames.Device));
        Assert.Equal(2, whole.GetTagItem(SpanNames.Attempts));
    }

    [Fact]
    public async Task A_stream_that_leaves_its_device_on_purpose_shows_as_a_move_and_not_as_a_failure()
    {
        using var watch = new SpanWatch();
        HoldAll();
        var front = Factory.Silos[0];
        var (running, stream) = await Placed(front, watch, 5);
        var device = stream.Device!;
        Assert.True(stream.Move(stream.Ticket, "another is cheaper"));
        await FactoryCluster.Until(() => watch.Ended.Any(static span => span.DisplayName == SpanNames.Move), "it has moved");
        foreach (var silo in Factory.Silos)
        {
            Factory.Engine(silo).Free();
        }

        await running.Ended;
        AssertComplete(running);
        await FactoryCluster.Until(() => watch.Ended.Any(static span => span.DisplayName == "chat "), "the call has ended");
        Assert.Equal(device, watch.One(SpanNames.Move).GetTagItem(SpanNames.FromDevice));
        Assert.DoesNotContain(watch.Ended, static span => span.Status == ActivityStatusCode.Error);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_call_that_is_not_sampled_makes_no_span_anywhere(bool isNone)
    {
        using var watch = new SpanWatch();
        var call = FactoryCluster.Call(6) with { TraceParent = isNone ? TraceParent.None : watch.Parent(isSampled: false) };
        await Start(Factory.Silos[0], call).Ended;

        // What its device would have made comes before what it makes for a later call.
        await Start(Factory.Silos[0], FactoryCluster.Call(7) with { TraceParent = watch.Parent() }).Ended;
        await watch.Until(7);
        Assert.Equal("call-7", watch.One("chat ").GetTagItem(SemanticNames.ResponseId));
        Assert.Equal(7, watch.Ended.Count);
    }

    [Fact]
    public async Task A_call_that_no_device_takes_has_an_end_too()
    {
        using var watch = new SpanWatch();
        await Refused(Factory.Silos[0], FactoryCluster.Call(8, maxTokens: 1_000_000) with { TraceParent = watch.Parent() });
        await watch.Until(2);
        var whole = watch.One("chat ");
        Assert.Equal((ActivityStatusCode.Error, "RequestRefusedException"), (whole.Status, whole.GetTagItem(SemanticNames.ErrorType)));
    }

    [Fact]
    public async Task What_is_current_stays_so()
    {
        using var watch = new SpanWatch();
        Assert.True(TraceParent.IsTraced(watch.Parent(), out var parent));
        var before = Activity.Current;
        var span = Spans.Begin("one", ActivityKind.Internal, parent);
        Assert.Same(before, Activity.Current);
        Spans.End(span!);
        Assert.Same(before, Activity.Current);
        await Task.CompletedTask;
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 vendor=x,other=y", true)]
    public void A_parent_is_traced_where_it_can_be_read_and_is_sampled(string? text, bool isTraced)
    {
        Assert.Equal(isTraced, TraceParent.IsTraced(text, out var context));
        Assert.Equal(text?.Contains("vendor", StringComparison.Ordinal) == true ? "vendor=x,other=y" : null, context.TraceState);
    }

    private static async Task<(RunningCall Running, TokenStream Stream)> Placed(InProcessSiloHandle front, SpanWatch watch, int seed)
    {
        var router = FactoryCluster.Service<TokenRouter>(front);
        var before = router.Streams.ToHashSet();
        var running = Start(front, FactoryCluster.Call(seed) with { TraceParent = watch.Parent() });
        TokenStream? stream = null;
        await FactoryCluster.Until(() => (stream = router.Streams.FirstOrDefault(s => !before.Contains(s) && s.Device is not null)) is not null, "the call is placed");
        return (running, stream!);
    }
}
