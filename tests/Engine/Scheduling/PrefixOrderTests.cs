using Crescent.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class PrefixOrderTests
{
    private static readonly EngineOptions Options = new()
    {
        MaxStepTokens = 512,
        MaxRunning = 1,
        ItlSeconds = double.PositiveInfinity,
        BatchItlSeconds = double.PositiveInfinity,
        Aging = TimeSpan.FromSeconds(10),
    };

    [Theory]
    [InlineData(9, 2)]
    [InlineData(11, 1)]
    public void What_is_in_memory_goes_first_unless_it_has_come_much_later(int secondsLater, long first)
    {
        var harness = new SchedulerHarness(Options);
        var prompt = Prompt(1, 800);
        harness.Submit(new InferenceRequest { Id = 99, Prompt = prompt, MaxTokens = 4 }, 4);
        harness.StepUntil(() => harness.Ended.Count == 1);
        harness.Submit(Request(50, 16, 1000), 100);
        harness.Step();
        harness.Submit(Request(1, 800, 4) with { CacheSalt = "other" }, 4);
        harness.Time.Advance(TimeSpan.FromSeconds(secondsLater));
        harness.Submit(new InferenceRequest { Id = 2, Prompt = [.. prompt, 5, 6], MaxTokens = 4 }, 4);
        harness.StepUntil(() => harness.Ended.Count == 3);
        Assert.Equal(first, harness.Ended[2].Request.Id);
    }

    [Fact]
    public void A_leader_becomes_as_urgent_as_the_most_urgent_of_those_that_wait_for_it()
    {
        var harness = new SchedulerHarness(Options with { MaxRunning = 8 });
        var system = Prompt(5, 4000);
        var leader = harness.Submit(new InferenceRequest { Id = 1, Prompt = [.. system, 1], MaxTokens = 4, Priority = RequestPriority.Batch }, 4);
        harness.Step();
        harness.Submit(Request(2, 20_000, 4) with { Priority = RequestPriority.Standard }, 4);
        var follower = harness.Submit(new InferenceRequest { Id = 3, Prompt = [.. system, 2], MaxTokens = 4, Priority = RequestPriority.Interactive }, 4);
        var steps = harness.StepUntil(() => follower.OutputCount > 0);
        Assert.Equal(RequestPriority.Interactive, leader.Class);
        Assert.Equal(RequestPriority.Interactive, harness.Scheduler.Running[0].Class);

        // Of each step its half, or all that the standard prompt leaves, and not the two times forty steps of that.
        Assert.InRange(steps, 7, (3500 / 256) + 3);
    }

    [Fact]
    public void A_leader_that_waits_itself_goes_before_its_class()
    {
        var harness = new SchedulerHarness(Options);
        harness.Submit(Request(9, 16, 100), 30);
        harness.Step();
        for (var id = 20; id < 40; id++)
        {
            harness.Submit(Request(id, 100, 4) with { Priority = RequestPriority.Batch }, 4);
        }

        var prompt = Prompt(1, 100);
        harness.Submit(new InferenceRequest { Id = 1, Prompt = prompt, MaxTokens = 30, Priority = RequestPriority.Batch }, 30);
        harness.Submit(new InferenceRequest { Id = 2, Prompt = [.. prompt, 7], MaxTokens = 4, Priority = RequestPriority.Interactive, KvSource = KvSource.OfFork(1) }, 4);
        harness.StepUntil(() => harness.Ended.Count == 4);
        Assert.Equal([9, 1, 2], harness.Ended.Take(3).Select(static sequence => sequence.Request.Id));
    }

    [Fact]
    public void Followers_keep_their_order_and_start_when_their_own_part_is_there()
    {
        var harness = new SchedulerHarness(Options with { MaxRunning = 64, MaxStepTokens = 64 });
        var system = Prompt(5, 1600);
        var leader = harness.Submit(new InferenceRequest { Id = 1, Prompt = system, MaxTokens = 50 }, 50);
        var brief = harness.Submit(new InferenceRequest { Id = 2, Prompt = [.. system[..320], 1, 2], MaxTokens = 2 }, 2);
        var others = Enumerable.Range(3, 10).Select(id => harness.Submit(new InferenceRequest { Id = id, Prompt = [.. system, id], MaxTokens = 2 }, 2)).ToList();
        harness.Step();
        Assert.All(others.Append(brief), follower => Assert.Same(leader, follower.Leader));
        harness.StepUntil(() => brief.Leader is null);
        Assert.Equal(320, leader.Computed);
        Assert.All(others, follower => Assert.Same(leader, follower.Leader));
        harness.StepUntil(() => others[0].Leader is null);
        Assert.All(others, static follower => Assert.Null(follower.Leader));
        harness.StepUntil(() => harness.Ended.Count == 11);
        Assert.Equal(Enumerable.Range(2, 11), harness.Ended.Select(static sequence => (int)sequence.Request.Id));
    }

    [Fact]
    public void A_cancelled_follower_leaves_nothing_behind()
    {
        var harness = new SchedulerHarness(Options with { MaxRunning = 8, MaxStepTokens = 64 });
        var system = Prompt(5, 640);
        var leader = harness.Submit(new InferenceRequest { Id = 1, Prompt = system, MaxTokens = 4 }, 4);
        harness.Submit(new InferenceRequest { Id = 2, Prompt = [.. system, 2], MaxTokens = 4 }, 4);
        harness.Submit(new InferenceRequest { Id = 3, Prompt = [.. system, 3], MaxTokens = 4 }, 4);
        harness.Step();
        harness.Cancel(2);
        Assert.Equal(3, Assert.Single(leader.Followers!).Request.Id);
        Assert.Equal(1, harness.Scheduler.WaitingCount);
        harness.Cancel(1);
        harness.StepUntil(() => harness.Ended.Count == 1);
        Assert.Equal(0, harness.Scheduler.WaitingCount);
        Assert.Equal(1 << 16, harness.FreeBlocks);
    }
}
