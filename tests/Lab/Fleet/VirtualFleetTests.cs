using Crescent.Lab.Fleet;
using Crescent.Lab.Traces;

namespace Crescent.Tests.Lab.Fleet;

public sealed class VirtualFleetTests
{
    private static readonly FleetSpec Spec = FleetSpec.Parse("sim:h100-sxm*6:tp8", "sim:llama-3-70b-fp8");
    private static readonly Trace Poisson = SyntheticTrace.Create("poisson");

    [Theory]
    [InlineData("power-aware")]
    [InlineData("kv-queue")]
    [InlineData("sticky")]
    [InlineData("least-queue")]
    [InlineData("round-robin")]
    [InlineData("uniform-cap")]
    [InlineData("polca")]
    public void Every_request_is_answered_whole_under_every_policy(string policy)
    {
        var result = Run(policy, rate: 20, seconds: 20);
        Assert.True(result.Requests > 300);
        Assert.Equal(result.Requests, result.Good);
        Assert.Equal(Poisson.At(20, 0, 0, 20).Sum(static arrival => arrival.Request.OutputTokens), result.Tokens);
    }

    [Fact]
    public void The_same_options_give_the_same_result_to_the_joule()
    {
        var first = Run("power-aware", rate: 40, seconds: 15);
        var second = Run("power-aware", rate: 40, seconds: 15);
        Assert.Equal((first.Joules, first.TtftP99, first.ItlP99), (second.Joules, second.TtftP99, second.ItlP99));
        Assert.Equal(first.Watts, second.Watts);
        Assert.NotEqual(first.Joules, Run("power-aware", rate: 40, seconds: 15, seed: 1).Joules);
    }

    [Fact]
    public void Energy_over_time_sums_up_to_the_energy_of_all_devices()
    {
        var result = Run("kv-queue", rate: 30, seconds: 15);
        Assert.Equal(result.Joules, result.Watts.Sum() * 0.25, result.Joules * 1e-9);
        Assert.True(result.IdleJoules > 0 && result.IdleJoules < result.Joules);
        Assert.Equal((6 * 1800 * result.Seconds) + (1.5 * result.Joules), result.WallJoules, 1e-6 * result.WallJoules);
    }

    [Fact]
    public void Placement_by_energy_saves_a_quarter_at_a_light_load_and_caps_save_more()
    {
        var queue = Run("kv-queue", rate: 20, seconds: 30);
        var placed = Run("power-aware", rate: 20, seconds: 30, uniform: true);
        var capped = Run("power-aware", rate: 20, seconds: 30);
        Assert.True(placed.TokensPerJoule > 1.25 * queue.TokensPerJoule, $"{placed.TokensPerJoule} against {queue.TokensPerJoule}");
        Assert.True(capped.TokensPerJoule > 1.2 * placed.TokensPerJoule, $"{capped.TokensPerJoule} against {placed.TokensPerJoule}");
        Assert.True(placed.SloAttainment >= queue.SloAttainment - 0.005 && capped.SloAttainment >= queue.SloAttainment - 0.005);
    }

    [Theory]
    [InlineData("power-aware")]
    [InlineData("uniform-cap")]
    public void A_budget_is_kept_through_a_step_down(string policy)
    {
        var result = Run(policy, rate: 100, seconds: 20, budget: 0.8, changesAt: 10, later: 0.56);
        Assert.Equal(0, result.OverBudgetSeconds);
        Assert.True(result.Watts.Max() > 0.56 * Spec.NameplateWatts, "The budget must have bound something.");
    }

    [Fact]
    public void Siblings_with_a_prompt_in_common_compute_it_less_often_where_caches_are_known()
    {
        var agents = SyntheticTrace.Create("agents");
        var blind = Run("least-queue", rate: 20, seconds: 15, trace: agents);
        var aware = Run("power-aware", rate: 20, seconds: 15, trace: agents, uniform: true);
        Assert.True(aware.CachedTokens > 2 * blind.CachedTokens, $"{aware.CachedTokens} against {blind.CachedTokens}");
    }

    [Fact]
    public void Over_its_capacity_a_fleet_that_sheds_serves_more_in_time()
    {
        var queue = Run("kv-queue", rate: 150, seconds: 60);
        var shed = Run("power-aware", rate: 150, seconds: 60);
        Assert.True(shed.Refused > 0);
        Assert.True(shed.Good > 1.2 * queue.Good, $"{shed.Good} against {queue.Good}");
    }

    private static FleetResult Run(
        string policy,
        double rate,
        double seconds,
        int seed = 0,
        double budget = 1,
        double changesAt = double.PositiveInfinity,
        double later = 1,
        Trace? trace = null,
        bool uniform = false)
    {
        trace ??= Poisson;
        using var fleet = new VirtualFleet(
            new FleetOptions
            {
                Spec = Spec,
                Policy = policy,
                Budget = budget,
                BudgetChangesAt = changesAt,
                LaterBudget = later,
                Seed = seed,
                Controller = uniform ? new Crescent.Control.Power.UniformCaps() : null,
            },
            trace.HasContent);
        return fleet.Run(trace.At(rate, seed, 0, seconds));
    }
}
