using Crescent.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class HeldCallsTests
{
    private const int Blocks = 64;

    private static readonly EngineOptions Options = new()
    {
        MaxStepTokens = 512,
        ItlSeconds = double.PositiveInfinity,
        BatchItlSeconds = double.PositiveInfinity,
        Watermark = 0,
        HoldMemoryAbove = 0.5,
        HoldMemoryUntil = 0.3,
        KeepsPrograms = false,
    };

    [Theory]
    [InlineData(RequestPriority.Batch, "program", true)]
    [InlineData(RequestPriority.Standard, "program", false)]
    [InlineData(RequestPriority.Batch, null, false)]
    public void A_batch_call_of_a_program_waits_while_memory_is_short(RequestPriority priority, string? program, bool held)
    {
        var harness = Short();
        var call = harness.Submit(New(2, 64) with { Priority = priority, Program = program }, 4);
        harness.Step();
        harness.Step();
        Assert.Equal(held ? 1 : 0, harness.Scheduler.Programs.HeldCount);
        Assert.Equal(held ? 1 : 0, harness.Scheduler.Programs.Holds);
        Assert.Equal(held, call.Starts == 0);
        Assert.Equal(held ? 1 : 0, harness.Scheduler.WaitingCount);
        harness.StepUntil(() => !harness.Live.Any());
        Assert.Equal(1, call.Starts);
    }

    [Fact]
    public void Those_that_were_held_go_on_the_smallest_first()
    {
        var harness = Short();
        foreach (var (id, prompt) in new[] { (2, 300), (3, 100), (4, 200) })
        {
            harness.Submit(New(id, prompt) with { Priority = RequestPriority.Batch, Program = $"{id}" }, 4);
        }

        harness.StepUntil(() => harness.Scheduler.Programs.HeldCount == 3);
        harness.StepUntil(() => harness.Ended.Count == 4);
        Assert.Equal([3, 4, 2], harness.Ended.Skip(1).Select(static s => s.Request.Id));
    }

    [Fact]
    public void None_is_held_for_longer_than_the_bound_and_none_twice()
    {
        var harness = Short(Options with { LongestHold = TimeSpan.FromSeconds(30) });
        var call = harness.Submit(New(2, 64) with { Priority = RequestPriority.Batch, Program = "a" }, 4);
        harness.Step();
        harness.Time.Advance(TimeSpan.FromSeconds(29));
        harness.Step();
        Assert.Equal(0, call.Starts);
        harness.Time.Advance(TimeSpan.FromSeconds(2));
        harness.Step();
        Assert.Equal(1, call.Starts);
        Assert.Equal(0, harness.Scheduler.Programs.HeldCount);
    }

    [Fact]
    public void One_that_is_cancelled_while_it_is_held_is_gone()
    {
        var harness = Short();
        harness.Submit(New(2, 64) with { Priority = RequestPriority.Batch, Program = "a" }, 4);
        harness.Step();
        harness.Cancel(2);
        Assert.Equal((0, 0), (harness.Scheduler.Programs.HeldCount, harness.Scheduler.WaitingCount));
        harness.StepUntil(() => !harness.Live.Any());
    }

    [Fact]
    public void One_whose_program_is_in_memory_goes_on()
    {
        var harness = new SchedulerHarness(Options, Blocks);
        harness.Submit(Request(1, 160, 4) with { Program = "a", Priority = RequestPriority.Batch }, 4);
        harness.StepUntil(() => !harness.Live.Any());
        harness.Submit(New(2, 36 * 16), 1000);
        harness.StepUntil(() => harness.Live.First().OutputCount > 0);
        var call = harness.Submit(Request(3, 160, 4) with { Program = "a", Priority = RequestPriority.Batch, Prompt = [.. Request(1, 160, 4).Prompt, 7, 8] }, 4);
        harness.Step();
        harness.Step();
        Assert.Equal(1, call.Starts);
    }

    [Fact]
    public void A_high_price_of_power_holds_until_it_is_low_and_the_counters_say_so()
    {
        var harness = new SchedulerHarness(Options, 1024);
        harness.Submit(New(1, 64), 1000);
        harness.Step();
        harness.Scheduler.Programs.Price = Options.HoldPriceAbove;
        var call = harness.Submit(New(2, 64) with { Priority = RequestPriority.Batch, Program = "a" }, 4);
        harness.Step();
        harness.Scheduler.Programs.Price = (Options.HoldPriceAbove + Options.HoldPriceUntil) / 2;
        harness.Step();
        Assert.Equal((0, 1, 1), (call.Starts, harness.Scheduler.Programs.Holds, harness.Scheduler.Programs.HoldsForWatts));
        harness.Scheduler.Programs.Price = Options.HoldPriceUntil;
        harness.Step();
        Assert.Equal(1, call.Starts);
    }

    /// <summary>An engine of which one that goes on has more than half of the blocks.</summary>
    private static SchedulerHarness Short(EngineOptions? options = null)
    {
        var harness = new SchedulerHarness(options ?? Options, Blocks);
        harness.Submit(New(1, 40 * 16), 100);
        harness.StepUntil(() => harness.Live.First().OutputCount > 0);
        return harness;
    }

    private static InferenceRequest New(long id, int prompt) => Request(id, prompt, 100) with { CacheSalt = $"{id}" };
}
