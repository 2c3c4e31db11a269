using Crescent.Engine.Scheduling;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class StepBudgetTests
{
    private static readonly StepCosts Costs = new(Step: 0.004, Sequence: 0.0005, Context: 0, Prompt: 0.0001, PromptPair: 0);
    private static readonly EngineOptions Options = new() { ItlSeconds = 0.05, BatchItlSeconds = 0.2 };

    [Fact]
    public void Beside_decodes_prompts_get_the_time_that_the_promise_leaves()
    {
        // Nine tenths of 50 ms, less 4 ms and ten times half a millisecond, at a tenth of a millisecond each.
        Assert.Equal(360, Opened(10, RequestPriority.Standard).Room(0), 1.0);
    }

    [Fact]
    public void The_strictest_promise_of_those_that_decode_counts()
    {
        var batch = Opened(10, RequestPriority.Batch).Room(0);
        Assert.Equal(1710, batch, 1.0);
        var budget = new StepBudget(8192, Options, Costs, null);
        budget.Open();
        budget.Decode(RequestPriority.Batch, 100, 0);
        budget.Decode(RequestPriority.Interactive, 100, 0);
        budget.OpenPrompts();
        Assert.Equal(400, budget.Room(0), 1.0);
    }

    [Fact]
    public void Where_nobody_decodes_a_step_takes_half_a_second_or_ten_times_the_pass_over_the_weights()
    {
        Assert.Equal(4960, Opened(0, RequestPriority.Interactive).Room(0), 1.0);
        var slow = new StepBudget(8192, Options, Costs with { Step = 0.07 }, null);
        Open(slow, 0, RequestPriority.Interactive);
        Assert.Equal(7000, slow.Room(0), 1.0);
        var offline = new StepBudget(8192, Options with { ItlSeconds = double.PositiveInfinity }, Costs, null);
        Open(offline, 0, RequestPriority.Interactive);
        Assert.Equal(8192, offline.Room(0));
    }

    [Fact]
    public void A_prompt_that_ends_in_a_step_makes_it_short_for_those_that_follow()
    {
        var budget = Opened(0, RequestPriority.Interactive);
        budget.Prompt(20, 0);
        budget.Hurry(RequestPriority.Interactive);
        Assert.Equal(410 - 20, budget.Room(0), 1.0);
        budget.Prompt(380, 0);
        Assert.Equal(0, budget.Room(0));
    }

    [Fact]
    public void Prompts_that_have_begun_elsewhere_get_eight_times_as_long_as_decodes_but_no_more_than_half_a_second()
    {
        Assert.Equal(4320, Resumed(100), 1.0);
        Assert.Equal(5000, Resumed(1000), 1.0);

        // The promise leaves more than that where little decodes.
        Assert.Equal(406, Resumed(1), 1.0);

        int Resumed(int decodes)
        {
            var budget = new StepBudget(8192, Options, Costs, null);
            budget.Open();
            for (var i = 0; i < decodes; i++)
            {
                budget.Decode(RequestPriority.Standard, 100, 0);
            }

            budget.OpenPrompts(resume: true);
            return budget.Room(0);
        }
    }

    [Fact]
    public void Where_decodes_break_the_promise_by_themselves_prompts_get_half_as_long()
    {
        var budget = Opened(192, RequestPriority.Standard);
        Assert.Equal(500, budget.Room(0), 1.0);
    }

    [Fact]
    public void Later_positions_of_a_long_prompt_cost_more_and_so_get_fewer_tokens()
    {
        var budget = new StepBudget(8192, Options, Costs with { PromptPair = 1e-8 }, null);
        budget.Open();
        budget.Decode(RequestPriority.Standard, 100, 0);
        budget.OpenPrompts();
        var (early, late) = (budget.Room(0), budget.Room(50_000));
        Assert.InRange(late, 10, early / 4);
        budget.Prompt(late, 50_000);
        Assert.Equal(0, budget.Room(50_000));
    }

    [Fact]
    public void The_first_prompt_of_a_step_gets_some_tokens_whatever_they_cost()
    {
        var budget = new StepBudget(8192, Options, Costs with { Prompt = 1 }, null);
        budget.Open();
        budget.Decode(RequestPriority.Standard, 100, 0);
        budget.OpenPrompts();
        Assert.Equal(StepBudget.FirstChunk, budget.Room(0));
        budget.Prompt(StepBudget.FirstChunk, 0);
        Assert.Equal(0, budget.Room(0));
    }

    [Fact]
    public void A_device_that_takes_twice_as_long_as_foreseen_gets_half_the_work()
    {
        var budget = new StepBudget(8192, Options, Costs, null);
        for (var i = 0; i < 200; i++)
        {
            var tokens = i % 2 == 0 ? 100 : 0;
            Open(budget, 10, RequestPriority.Standard);
            if (tokens > 0)
            {
                budget.Prompt(tokens, 0);
            }

            budget.Took(budget.Forecast, TimeSpan.FromSeconds(2 * (0.009 + (tokens * 0.0001))));
        }

        Open(budget, 10, RequestPriority.Standard);
        Assert.Equal((45 - 18) / 0.2, budget.Room(0), 2.0);
    }

    [Fact]
    public void Where_steps_with_prompts_cost_much_of_the_promise_by_themselves_prompts_are_gathered_into_few_of_them()
    {
        // 9 ms of decodes; with prompts 50 ms more, whatever they are, and a tenth of what is foreseen for each token: in steps that keep the promise there is room for nothing.
        var budget = new StepBudget(8192, Options, Costs, null);
        var (seconds, prompts, steps, chunks) = (0.0, 0, 0, 0);
        for (var i = 0; i < 1000; i++)
        {
            Open(budget, 10, RequestPriority.Standard);
            var tokens = budget.Room(0);
            if (tokens > 0)
            {
                budget.Prompt(tokens, 0);
            }

            var step = 0.009 + (tokens > 0 ? 0.05 + (tokens * 1e-5) : 0);
            budget.Took(budget.Forecast, TimeSpan.FromSeconds(step));
            if (i >= 500)
            {
                (seconds, prompts, steps, chunks) = (seconds + step, prompts + tokens, steps + 1, chunks + (tokens > 0 ? 1 : 0));
            }
        }

        Assert.True(seconds / steps < Options.ItlSeconds, $"{seconds / steps} s between tokens");
        Assert.True((double)prompts / chunks > 2000, $"{prompts} tokens in {chunks} steps");
        Assert.True(prompts / seconds > 20_000, $"{prompts / seconds} tokens a second");
    }

    [Fact]
    public void A_debt_is_forgotten_where_nobody_decodes_any_more()
    {
        var budget = Owing(0.4);
        Assert.True(budget.Pauses);
        Open(budget, 0, RequestPriority.Standard);
        Assert.False(budget.Pauses);
        Open(budget, 10, RequestPriority.Standard);
        Assert.True(budget.Room(0) > 0);
    }

    [Theory]
    [InlineData(0.4)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(60)]
    public void What_is_owed_is_paid_in_bounded_time_however_long_a_stall_and_however_little_decodes_leave(double stall)
    {
        // Then decodes that take half of the promise.
        var budget = Owing(stall);
        var steps = 0;
        while (budget.Pauses)
        {
            Assert.True(++steps <= 30, "prompts starve");
            Decode(budget, 40, 0.024);
            Open(budget, 40, RequestPriority.Standard);
        }

        Assert.True(steps > 10 || stall > 4);

        // Where decodes leave next to nothing of the promise, prompts take what they take beside them in each step.
        budget = Owing(stall);
        Open(budget, 80, RequestPriority.Standard);
        Assert.False(budget.Pauses);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(81)]
    [InlineData(82)]
    [InlineData(83)]
    [InlineData(120)]
    public void Where_steps_with_prompts_cost_little_by_themselves_none_is_without_prompts(int decodes)
    {
        // 3 ms beside what is foreseen, at decodes of 24 to 64 ms: about the promise of 45 there is no cliff.
        var budget = new StepBudget(8192, Options, Costs, null);
        for (var i = 0; i < 2000; i++)
        {
            Open(budget, i < 1000 ? 86 : decodes, RequestPriority.Standard);
            var tokens = budget.Room(0);
            Assert.True(tokens > 50, $"step {i}: {tokens} tokens");
            budget.Prompt(tokens, 0);
            budget.Took(budget.Forecast, TimeSpan.FromSeconds(0.004 + ((i < 1000 ? 86 : decodes) * 0.0005) + 0.003 + (tokens * 1e-4)));
        }
    }

    [Fact]
    public void A_machine_that_stood_still_for_a_minute_soon_gives_prompts_in_each_step_again()
    {
        var budget = new StepBudget(8192, Options, Costs, null);
        var pauses = 0;
        for (var i = 0; i < 200; i++)
        {
            Open(budget, 10, RequestPriority.Standard);
            pauses += i > 100 && budget.Pauses ? 1 : 0;
            var tokens = Math.Min(budget.Room(0), 50 + (i % 7 * 40));
            if (tokens > 0)
            {
                budget.Prompt(tokens, 0);
            }

            budget.Took(budget.Forecast, TimeSpan.FromSeconds(i == 100 ? 60 : 0.009 + (tokens * 1e-4)));
        }

        Assert.Equal(0, pauses);
        Assert.False(budget.Pauses);
    }

    /// <summary>One whose steps with prompts cost 50 ms by themselves, the newest of which took <paramref name="seconds"/>.</summary>
    private static StepBudget Owing(double seconds)
    {
        var budget = new StepBudget(8192, Options, Costs, null);
        for (var i = 0; i < 100; i++)
        {
            Open(budget, 10, RequestPriority.Standard);
            var tokens = budget.Room(0);
            if (tokens > 0)
            {
                budget.Prompt(tokens, 0);
            }

            budget.Took(budget.Forecast, TimeSpan.FromSeconds(0.009 + (tokens > 0 ? 0.05 + (tokens * 1e-5) : 0)));
        }

        do
        {
            Open(budget, 10, RequestPriority.Standard);
            Decode(budget, 10, 0.009);
        }
        while (budget.Pauses);
        Open(budget, 10, RequestPriority.Standard);
        budget.Prompt(budget.Room(0), 0);
        budget.Took(budget.Forecast, TimeSpan.FromSeconds(seconds));
        Open(budget, 10, RequestPriority.Standard);
        return budget;
    }

    private static void Decode(StepBudget budget, int decodes, double seconds)
    {
        Open(budget, decodes, RequestPriority.Standard);
        budget.Took(budget.Forecast, TimeSpan.FromSeconds(seconds));
    }

    private static StepBudget Opened(int decodes, RequestPriority priority)
    {
        var budget = new StepBudget(8192, Options, Costs, null);
        Open(budget, decodes, priority);
        return budget;
    }

    private static void Open(StepBudget budget, int decodes, RequestPriority priority)
    {
        budget.Open();
        for (var i = 0; i < decodes; i++)
        {
            budget.Decode(priority, 100, 0);
        }

        budget.OpenPrompts();
    }
}
