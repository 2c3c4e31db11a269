using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Fleet;
using Crescent.Lab.Strategies;

namespace Crescent.Tests.Lab.Strategies;

public sealed class StrategyStudyTests
{
    private static readonly FleetSpec Fleet = FleetSpec.Parse("sim:h100-sxm*1:tp8", "sim:llama-3-70b-fp8");

    [Theory]
    [InlineData("direct")]
    [InlineData("chain-of-thought")]
    [InlineData("self-consistency:8")]
    [InlineData("best-of-n:8")]
    [InlineData("plan-execute")]
    [InlineData("tree-of-thoughts")]
    [InlineData("map-reduce")]
    [InlineData("react")]
    public void Every_strategy_ends_all_its_tasks_on_a_simulated_fleet(string strategy)
    {
        var result = Run(strategy).Result;
        Assert.Equal((40, 0), (result.Tasks, result.Failed));
        Assert.InRange(result.Solved, 8, 39);
        Assert.True(result.Calls >= result.Tasks);
        Assert.True(result.MeanSeconds > 0);
    }

    [Fact]
    public void A_vote_that_is_sure_draws_fewer_samples_takes_less_energy_and_solves_about_as_many()
    {
        var all = Run("self-consistency:16:1", tasks: 150).Result;
        var early = Run("self-consistency:16", tasks: 150).Result;
        Assert.Equal((150 * 16, 0), (all.Calls, all.Saved));
        Assert.Equal(150 * 16, early.Calls + early.Saved);
        Assert.InRange(early.Calls / 150.0, 4, 12);
        Assert.True(early.Fleet.Joules < all.Fleet.Joules);
        Assert.InRange(early.Solved, all.Solved - 6, all.Solved + 6);
    }

    [Fact]
    public void Samples_of_a_task_compute_its_prompt_once()
    {
        var result = Run("best-of-n:16", tasks: 4).Result;

        // Of 16 prompts one is computed, the others but for their last, unfilled blocks.
        Assert.InRange((double)result.Fleet.CachedTokens / result.Fleet.PromptTokens, 0.7, 1);
    }

    [Theory]
    [InlineData(RequestPriority.Batch, 4)]
    [InlineData(RequestPriority.Standard, 16)]
    public void While_power_is_dear_tasks_of_the_batch_class_fan_out_less_and_come_to_the_same(RequestPriority priority, int widest)
    {
        var options = new StrategyLoadOptions { Strategy = StrategyVariant.Parse("best-of-n:16", 512), Rate = 2, Tasks = 30, Priority = priority };
        var (cheap, dear) = (Play(0), Play(6));
        Assert.Equal((16, widest), (cheap.MeanWidest, dear.MeanWidest));
        Assert.Equal((cheap.Solved, cheap.Calls), (dear.Solved, dear.Calls));

        StrategyResult Play(double price)
        {
            using var fleet = new VirtualFleet(new FleetOptions { Spec = Fleet, Policy = "power-aware", Weights = new PowerWeights { ShedAbove = 0 } }, caches: true);
            return new StrategyLoad(fleet, options) { Price = () => price }.Play(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public void A_run_in_which_no_task_ends_is_given_up() =>
        Assert.Contains("tasks have not ended", Assert.Throws<FormatException>(() => Run("best-of-n:16", RequestPriority.Batch, budget: 0.05)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_same_seed_gives_the_same_run_and_another_does_not()
    {
        var (first, second, other) = (Run("self-consistency:8"), Run("self-consistency:8"), Run("self-consistency:8", seed: 1));
        Assert.Equal((first.Result.Solved, first.Result.Fleet.Joules, first.Result.MeanSeconds), (second.Result.Solved, second.Result.Fleet.Joules, second.Result.MeanSeconds));
        Assert.NotEqual(first.Result.Fleet.Joules, other.Result.Fleet.Joules);
    }

    [Theory]
    [InlineData("tree", "'tree' is no strategy: there are best-of-n, ")]
    [InlineData("self-consistency:x", "'x' in 'self-consistency:x' is no number: write STRATEGY[:SAMPLES[:CONFIDENCE]].")]
    [InlineData("self-consistency:0", "The samples of 'self-consistency:0' must be 1 to 128.")]
    [InlineData("direct:4", "'direct:4': direct has no samples.")]
    [InlineData("best-of-n:4:0.9", "'best-of-n:4:0.9': best-of-n has no confidence.")]
    [InlineData("self-consistency:4:1:2", "'self-consistency:4:1:2' has too many parts: write STRATEGY[:SAMPLES[:CONFIDENCE]].")]
    public void What_is_wrong_with_a_name_is_said(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<FormatException>(() => StrategyVariant.Parse(text, 512)).Message, StringComparison.Ordinal);

    [Fact]
    public void Problems_differ_in_how_often_they_are_solved_and_have_the_mean_that_is_asked_for()
    {
        var options = new SolverOptions { Accuracy = 0.6 };
        var chances = Enumerable.Range(0, 4000).Select(i => new SimulatedSolver(options, i, 0).Chance).ToArray();
        Assert.Equal(0.6, chances.Average(), 0.02);

        // Beta(1.2, .8): the variance is .6 * .4 / 3.
        Assert.Equal(0.08, chances.Average(chance => Math.Pow(chance - 0.6, 2)), 0.006);
    }

    private static StrategyRunResult Run(string strategy, RequestPriority priority = RequestPriority.Standard, double budget = 1, int tasks = 40, int seed = 0)
    {
        var options = new StrategyStudyOptions
        {
            Fleet = Fleet,
            Strategies = [StrategyVariant.Parse(strategy, 512)],
            Tasks = tasks,
            Seeds = seed + 1,
            Budgets = [budget],
            Rates = [1],
            Priority = priority,
            Policy = "power-aware",
            Jobs = 1,
        };
        return StrategyStudy.Run(options).Runs[^1];
    }
}
