using Crescent.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class PromptShareTests
{
    private static readonly EngineOptions Options = new() { MaxStepTokens = 512, ItlSeconds = double.PositiveInfinity, BatchItlSeconds = double.PositiveInfinity };

    [Theory]
    [InlineData(RequestPriority.Batch, RequestPriority.Interactive, 1)]
    [InlineData(RequestPriority.Batch, RequestPriority.Standard, 1)]
    [InlineData(RequestPriority.Standard, RequestPriority.Standard, 1)]
    public void A_short_prompt_does_not_wait_for_a_long_one(RequestPriority longClass, RequestPriority shortClass, int steps)
    {
        var harness = new SchedulerHarness(Options);
        harness.Submit(Request(1, 100_000, 4) with { Priority = longClass }, 4);
        harness.Step();
        harness.Step();
        var brief = harness.Submit(Request(2, 20, 4) with { Priority = shortClass }, 4);
        Assert.Equal(steps, harness.StepUntil(() => brief.OutputCount > 0));
    }

    [Fact]
    public void A_higher_class_takes_all_of_a_step_and_a_lower_one_what_is_left()
    {
        var harness = new SchedulerHarness(Options);
        var patient = harness.Submit(Request(1, 10_000, 4) with { Priority = RequestPriority.Batch }, 4);
        harness.Step();
        var urgent = harness.Submit(Request(2, 1000, 4) with { Priority = RequestPriority.Interactive }, 4);
        harness.Step();
        Assert.Equal((512, 512), (urgent.Computed, patient.Computed));
        harness.Step();
        Assert.Equal((1000, 512 + 24), (urgent.Computed, patient.Computed));
    }

    [Fact]
    public void A_lone_prompt_takes_the_whole_step()
    {
        var harness = new SchedulerHarness(Options);
        var sequence = harness.Submit(Request(1, 10_000, 4), 4);
        Assert.Equal((10_000 + 511) / 512, harness.StepUntil(() => sequence.OutputCount > 0));
    }

    [Fact]
    public void What_others_cannot_take_of_a_step_is_not_left_over()
    {
        var harness = new SchedulerHarness(Options);
        harness.Submit(Request(1, 10_000, 4), 4);
        harness.Submit(Request(2, 30, 4), 4);
        harness.Step();
        Assert.Equal(512, harness.Tokens);
        Assert.Equal(482, harness.Live.First().Computed);
    }

    [Fact]
    public void Two_long_prompts_go_on_together()
    {
        var harness = new SchedulerHarness(Options with { PromptShare = 0.25 });
        for (var id = 1; id <= 3; id++)
        {
            harness.Submit(Request(id, 5_000, 4), 4);
        }

        harness.Step();

        // A quarter each, and what is left goes to the one that came first.
        Assert.Equal([256, 128, 128], harness.Live.Select(static sequence => sequence.Computed));
    }

    [Fact]
    public void A_long_batch_prompt_does_not_starve_under_interactive_ones_that_fill_every_step()
    {
        var harness = new SchedulerHarness(Options with { Aging = TimeSpan.FromSeconds(5) });
        var patient = harness.Submit(Request(0, 20_000, 1) with { Priority = RequestPriority.Batch }, 1);
        var id = 1;
        var steps = harness.StepUntil(
            () =>
            {
                harness.Time.Advance(TimeSpan.FromSeconds(0.1));
                for (var i = 0; i < 3; i++)
                {
                    harness.Submit(Request(id++, 400, 1) with { Priority = RequestPriority.Interactive, Tenant = $"{id}" }, 1);
                }

                return patient.OutputCount > 0;
            },
            most: 400);

        // Two classes at five seconds each, then half of every step.
        Assert.InRange(steps, 100, 100 + (20_000 / 256) + 4);
    }

    [Fact]
    public void A_prompt_that_finds_no_blocks_gets_the_next_that_are_free()
    {
        var harness = new SchedulerHarness(Options with { MaxStepTokens = 256, Watermark = 0 }, blocks: 40);
        var large = harness.Submit(Request(1, 600, 1), 1);
        harness.Submit(Request(2, 200, 100) with { Priority = RequestPriority.Interactive }, 100);
        harness.Step();
        for (var id = 3; large.OutputCount == 0; id++)
        {
            // Each of these takes two blocks as soon as two are free; the large one needs eight and more at once.
            harness.Submit(Request(id, 20, 8), 8);
            harness.Step();
            Assert.True(id < 200, "the large prompt starves");
        }
    }

    [Fact]
    public void Decodes_have_their_token_in_every_step_whatever_guesses_and_prompts_there_are()
    {
        var harness = new SchedulerHarness(Options with { MaxStepTokens = 12, MaxRunning = 40 });
        for (var id = 1; id <= 20; id++)
        {
            harness.Submit(Request(id, 30, 400) with { SpeculativeTokens = 8 }, 400);
        }

        harness.StepUntil(() => harness.Live.Count(static sequence => sequence.OutputCount > 20) == 12);
        for (var i = 0; i < 20; i++)
        {
            var before = harness.Scheduler.Running.ToDictionary(static sequence => sequence, static sequence => sequence.OutputCount);
            harness.Step();
            Assert.All(before, static sequence => Assert.True(sequence.Key.OutputCount > sequence.Value));
        }
    }
}
