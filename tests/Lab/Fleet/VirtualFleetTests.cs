using Crescent.Control.Placement;
using Crescent.Control.Power;
using Crescent.Lab.Fleet;
using Crescent.Lab.Studies;
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
    [InlineData("two-tier")]
    [InlineData("least-load")]
    [InlineData("kv-queue+session")]
    [InlineData("sticky+burst")]
    [InlineData("parent-groups")]
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
    public void Many_front_ends_that_hear_late_do_not_all_send_their_calls_to_the_same_device()
    {
        var one = Run("power-aware", rate: 88, seconds: 30);
        var many = Run("power-aware", rate: 88, seconds: 30, fronts: FrontEnds.Parse("12:0.25"));
        Assert.Equal(one.Requests, many.Requests);
        Assert.NotEqual(one.Joules, many.Joules);
        Assert.True(many.SloAttainment > 0.995, $"{many.SloAttainment} against {one.SloAttainment}");
    }

    [Fact]
    public void Calls_that_wait_where_many_were_sent_at_once_go_elsewhere_and_are_answered_whole()
    {
        var fronts = FrontEnds.Parse("12:1");
        var (stay, move) = (Run("power-aware", rate: 88, seconds: 20, fronts: fronts, moveMargin: 0), Run("power-aware", rate: 88, seconds: 20, fronts: fronts));
        Assert.Equal(0, stay.Moves);
        Assert.InRange(move.Moves, 1, DeviceExits.MostWanderings * move.Requests);
        Assert.Equal(stay.Tokens, move.Tokens);
        Assert.Equal(0, Run("least-queue", rate: 88, seconds: 20, fronts: fronts).Moves);
    }

    [Fact]
    public void Long_calls_have_a_pool_of_their_own()
    {
        var trace = SyntheticTrace.Create("bursts");
        var together = Run("kv-queue", rate: 5, seconds: 10, trace: trace);
        foreach (var limit in (int[])[1, 1_000_000])
        {
            // All of them are long, or short: half of the devices have nothing to do.
            var apart = Run($"kv-queue+pools:{limit}:0.5", rate: 5, seconds: 10, trace: trace);
            Assert.Equal(together.Tokens, apart.Tokens);
            Assert.True(apart.BusyShare < together.BusyShare);
        }

        foreach (var wrong in (string[])["0:0.5", "8192", "8192:1", "x:0.5", "8192:-1"])
        {
            Assert.Contains("+pools:POSITIONS:SHARE", Assert.Throws<FormatException>(() => StudyPolicy.Parse($"kv-queue+pools:{wrong}")).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("1001")]
    [InlineData("4:3")]
    [InlineData("4:-1")]
    [InlineData("4:0.1:2")]
    public void What_is_no_number_of_front_ends_is_refused_with_what_is(string text) =>
        Assert.Contains("--fronts takes COUNT[:SECONDS]", Assert.Throws<FormatException>(() => FrontEnds.Parse(text)).Message, StringComparison.Ordinal);

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
    [InlineData("power-aware", 0.35)]
    [InlineData("uniform-cap", 0.56)]
    public void A_budget_is_kept_through_a_step_down(string policy, double later)
    {
        var result = Run(policy, rate: 100, seconds: 20, budget: 0.8, changesAt: 10, later: later);
        Assert.Equal(0, result.OverBudgetSeconds);
        Assert.True(result.Watts.Max() > later * Spec.NameplateWatts, "The budget must have bound something.");
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
    public void Prompts_do_not_stall_short_answers_wherever_they_are_placed()
    {
        var code = SyntheticTrace.Create("code");
        var larger = FleetSpec.Parse("sim:h100-sxm*12:tp8", "sim:llama-3-70b-fp8");
        var queue = Run("kv-queue", rate: 16, seconds: 120, trace: code, spec: larger);
        var aware = Run("power-aware", rate: 16, seconds: 120, trace: code, spec: larger);
        var stalling = Run("power-aware", rate: 16, seconds: 120, trace: code, spec: larger, stall: 0);
        Assert.True(aware.SloAttainment >= queue.SloAttainment - 0.005, $"{aware.SloAttainment} against {queue.SloAttainment}");
        Assert.True(stalling.SloAttainment < aware.SloAttainment, $"{stalling.SloAttainment} against {aware.SloAttainment}");
        Assert.True(Math.Max(aware.ItlP99, stalling.ItlP99) < ServiceLevel.Standard.ItlSeconds, $"{aware.ItlP99} and {stalling.ItlP99} s between tokens");
        Assert.True(aware.TokensPerJoule > 1.2 * queue.TokensPerJoule, $"{aware.TokensPerJoule} against {queue.TokensPerJoule}");
    }

    [Fact]
    public void Over_its_capacity_a_fleet_that_sheds_serves_more_in_time()
    {
        var queue = Run("kv-queue", rate: 150, seconds: 60);
        var shed = Run("power-aware", rate: 150, seconds: 60);
        Assert.True(shed.Refused > 0);
        Assert.True(shed.Good > 1.2 * queue.Good, $"{shed.Good} against {queue.Good}");
        Assert.Equal(0, queue.Refused);
        foreach (var result in (FleetResult[])[queue, shed])
        {
            // What is refused, late or slow is not good, and a request may be late and slow.
            Assert.InRange(
                result.Good, result.Requests - result.Refused - result.Late - result.Slow, result.Requests - result.Refused - Math.Max(result.Late, result.Slow));
        }

        Assert.True(queue.GoodTokens < queue.Tokens);
        Assert.True(queue.TtftP50 < queue.TtftP99 && queue.ItlP50 < queue.ItlP99);
    }

    [Fact]
    public void A_request_is_good_only_when_its_first_token_and_those_after_it_are_in_time()
    {
        var slow = Under(new ServiceLevel(10, 1e-4));
        Assert.Equal((0, 0), (slow.Late, slow.Good));
        Assert.True(slow.Slow > 0);
        var late = Under(new ServiceLevel(1e-4, 10));
        Assert.Equal((late.Requests, 0, 0), (late.Late, late.Slow, late.Good));

        static FleetResult Under(ServiceLevel level)
        {
            using var fleet = new VirtualFleet(new FleetOptions { Spec = Spec, Policy = "kv-queue", Level = level }, Poisson.HasContent);
            return fleet.Run(Poisson.At(10, 0, 0, 5), TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public void Time_over_a_budget_is_counted_but_for_the_moments_after_its_change()
    {
        const double Budget = 0.3;
        const double Later = 0.2;
        const double ChangesAt = 8;
        var result = Run("kv-queue", rate: 100, seconds: 15, budget: Budget, changesAt: ChangesAt, later: Later, controller: new Unbounded());
        var (seconds, worst) = (0.0, 0.0);
        for (var bin = 0; bin < result.Watts.Count; bin++)
        {
            var at = bin * 0.25;
            var excess = (result.Watts[bin] / ((at < ChangesAt ? Budget : Later) * Spec.NameplateWatts)) - 1;
            if (at is < ChangesAt - 0.25 or >= ChangesAt + 2)
            {
                seconds += excess > 0.02 ? 0.25 : 0;
                worst = Math.Max(worst, excess);
            }
        }

        Assert.True(seconds > 5, $"Only {seconds} s over the budget.");
        Assert.Equal(seconds, result.OverBudgetSeconds);
        Assert.Equal(worst, result.WorstExcess, 1e-9);
    }

    [Theory]
    [InlineData("power-aware")]
    [InlineData("kv-queue")]
    public void Racks_of_two_kinds_serve_together_and_each_keeps_its_own_budget(string policy)
    {
        var mixed = FleetSpec.ParseMixed("sim:h100-sxm*3:tp8,sim:b200*2:tp4", "sim:llama-3-70b-fp8");
        var result = Run(policy, rate: 20, seconds: 15, spec: mixed, rackBudgets: [0.4, 0.5]);
        Assert.Equal(Poisson.At(20, 0, 0, 15).Sum(static arrival => arrival.Request.OutputTokens), result.Tokens);
        Assert.Equal(0, result.OverBudgetSeconds);
        Assert.Equal((4 * 1800 * result.Seconds) + (1.5 * result.Joules), result.WallJoules, 1e-6 * result.WallJoules);

        // Where nobody keeps them it shows.
        Assert.True(Run(policy, rate: 40, seconds: 15, spec: mixed, rackBudgets: [0.17, 0.2], controller: new Unbounded()).OverBudgetSeconds > 1);
    }

    [Fact]
    public void A_rack_with_a_small_budget_keeps_it_while_the_fleet_serves_as_before()
    {
        var two = FleetSpec.ParseMixed("sim:h100-sxm*3:tp8,sim:h100-sxm*3:tp8", "sim:llama-3-70b-fp8");
        var (free, narrow) = (Run("power-aware", rate: 60, seconds: 15, spec: two), Run("power-aware", rate: 60, seconds: 15, spec: two, rackBudgets: [0.3, 1]));
        Assert.NotEqual(free.Joules, narrow.Joules);
        Assert.Equal(0, narrow.OverBudgetSeconds);
        Assert.True(narrow.SloAttainment >= free.SloAttainment - 0.05, $"{narrow.SloAttainment} against {free.SloAttainment}");
    }

    [Fact]
    public void What_a_device_has_cached_is_found_long_after_the_prediction_that_it_will_have_it_has_ended()
    {
        // The same prompt each 12 s; predictions live for 5 s, and devices that know nothing take turns.
        var trace = Trace.Of("again", [.. Enumerable.Range(0, 5).Select(static i => new TraceRequest(i * 12, 1024, 8, [1, 2]))]);
        var result = Run("kv-queue", trace.Rate, seconds: 100, trace: trace);
        Assert.Equal(5, result.Requests);
        Assert.InRange(result.CachedTokens, 4 * 900, 4 * 1024);
    }

    [Fact]
    public void What_is_refused_has_waited_for_ever()
    {
        var shed = Run("power-aware", rate: 150, seconds: 30);
        Assert.True(shed.Refused > 0.01 * shed.Requests);
        Assert.Equal((double.PositiveInfinity, double.PositiveInfinity), (shed.TtftP99, shed.ItlP99));
        Assert.True(double.IsFinite(shed.TtftP50));
    }

    [Fact]
    public void A_policy_may_be_wrong_about_the_devices_or_learn_them()
    {
        var exact = Run("power-aware", rate: 30, seconds: 15);
        Assert.Equal(exact.Joules, Run("power-aware", rate: 30, seconds: 15, belief: new ProfileBelief()).Joules);
        ProfileBelief[] beliefs = [new() { Times = 0.6 }, new() { Power = 1.4 }, new() { Idle = 0.6 }, new() { Curve = 0.7 }, new() { IsLearned = true }];
        var others = beliefs.Select(belief => Run("power-aware", rate: 30, seconds: 15, belief: belief)).ToList();
        Assert.Equal(6, others.Append(exact).Select(static result => result.Joules).Distinct().Count());
        Assert.All(others, result => Assert.Equal(exact.Requests, result.Requests));
    }

    [Fact]
    public void Siblings_that_come_in_one_window_are_placed_together_and_wait_for_it()
    {
        var agents = SyntheticTrace.Create("agents");
        var (alone, together) = (Run("least-queue", rate: 20, seconds: 15, trace: agents), Run("least-queue+burst", rate: 20, seconds: 15, trace: agents));
        Assert.True(together.CachedTokens > 1.5 * alone.CachedTokens, $"{together.CachedTokens} against {alone.CachedTokens}");
        Assert.True(together.TtftP50 > alone.TtftP50);
        Assert.Equal(alone.Tokens, together.Tokens);
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
        bool uniform = false,
        IPowerController? controller = null,
        double stall = PowerWeights.DefaultStall,
        FleetSpec? spec = null,
        ProfileBelief? belief = null,
        double[]? rackBudgets = null,
        FrontEnds? fronts = null,
        double moveMargin = DeviceExits.DefaultMargin)
    {
        trace ??= Poisson;
        using var fleet = new VirtualFleet(
            new FleetOptions
            {
                Spec = spec ?? Spec,
                Policy = policy,
                Fronts = fronts ?? FrontEnds.One,
                MoveMargin = moveMargin,
                Budget = budget,
                Schedule = BudgetSchedule.Step(changesAt, later / budget),
                RackBudgets = rackBudgets ?? [],
                Seed = seed,
                Weights = new PowerWeights { ShedAbove = StudyOptions.DefaultShedAbove, Stall = stall },
                Controller = uniform ? new UniformCaps() : controller,
                Belief = belief ?? ProfileBelief.Exact,
            },
            trace.HasContent);
        return fleet.Run(trace.At(rate, seed, 0, seconds));
    }

    /// <summary>Lets every device draw what it will.</summary>
    private sealed class Unbounded : IPowerController
    {
        public string Name => "unbounded";

        public bool Oversubscribes => true;

        public void Plan(ReadOnlySpan<DevicePower> devices, PowerBudgets budgets, Span<double> caps) => caps.Fill(double.PositiveInfinity);
    }
}
