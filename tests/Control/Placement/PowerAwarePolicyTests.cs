using Crescent.Control.Placement;
using CsCheck;

namespace Crescent.Tests.Control.Placement;

public sealed class PowerAwarePolicyTests
{
    private static readonly Gen<DeviceLoad> Loads = Gen.Select(Gen.Int[0, 300], Gen.Int[0, 300], Gen.Int[0, 30_000], Gen.Int[0, 1000], Gen.Double[200, 700]).Select(
        static (running, waiting, queued, free, cap) =>
            Views.Idle with { Running = running, Waiting = waiting, QueuedPromptTokens = queued, FreeBlocks = free, CapWatts = cap });

    [Fact]
    public void The_choice_is_the_device_with_the_fewest_points_of_those_with_the_best_gate()
    {
        var policy = new PowerAwarePolicy();
        Gen.Select(Loads.Array[1, 30], Gen.Int[1, 4000], Gen.Int[0, 60]).Sample((loads, prompt, cached) =>
        {
            var view = Views.Of(loads);
            view.ChangeOverlap()[loads.Length / 2] = Math.Min(cached, prompt / 16);
            var call = Views.Call(prompt: prompt);
            var gate = Enumerable.Range(0, loads.Length).Min(device => view.Gate(call, device));
            var fewest = Enumerable.Range(0, loads.Length).Where(device => view.Gate(call, device) == gate).Min(device => policy.Score(call, view, device).Score);

            var decision = policy.Choose(call, view);

            Assert.Equal(gate <= PlacementGate.Crowded, decision.IsPlaced);
            Assert.True(!decision.IsPlaced || (view.Gate(call, decision.Device) == gate && decision.Terms.Score == fewest));
        });
    }

    [Fact]
    public void An_idle_device_is_woken_when_the_one_that_is_awake_would_break_its_promise()
    {
        var policy = new PowerAwarePolicy();
        var busy = Views.Idle with { Running = 20, FreeBlocks = 600 };
        Assert.Equal(0, policy.Choose(Views.Call(), Views.Of(busy, Views.Idle)).Device);
        Assert.Equal(1, policy.Choose(Views.Call(), Views.Of(busy with { QueuedPromptTokens = 60_000 }, Views.Idle)).Device);
        Assert.Equal(1, policy.Choose(Views.Call(), Views.Of(busy with { Running = 900 }, Views.Idle)).Device);
    }

    [Fact]
    public void Without_energy_and_prices_it_is_a_router_by_queue_and_speed()
    {
        var policy = new PowerAwarePolicy(new PowerWeights { Energy = 0, Power = 0 });
        Assert.Equal(1, policy.Choose(Views.Call(), Views.Of(Views.Idle with { Running = 20, FreeBlocks = 600 }, Views.Idle)).Device);
    }

    [Fact]
    public void A_burst_on_its_way_counts_before_any_report_does()
    {
        var book = new PlacementBook(new PowerAwarePolicy(), Views.Of(Views.Idle, Views.Idle));
        var chosen = Enumerable.Range(0, 100).Select(id => book.Place(Views.Call(id, prompt: 900), id).Device).ToList();
        Assert.Equal(0, chosen[0]);
        Assert.Contains(1, chosen);
    }

    [Fact]
    public void What_no_device_can_serve_in_time_is_shed_only_where_that_is_asked_for()
    {
        var late = Views.Idle with { Running = 10, QueuedPromptTokens = 200_000 };
        Assert.True(new PowerAwarePolicy().Choose(Views.Call(), Views.Of(late, late)).IsPlaced);
        Assert.True(new PowerAwarePolicy(new PowerWeights { ShedAbove = 1 }).Choose(Views.Call(), Views.Of(late, late)).IsShed);
        Assert.True(new PowerAwarePolicy(new PowerWeights { ShedAbove = 1 }).Choose(Views.Call(), Views.Of(late, Views.Idle)).IsPlaced);
    }

    [Fact]
    public void A_prompt_that_is_late_for_its_size_is_not_shed()
    {
        var view = Views.Of(Views.Idle with { TotalBlocks = 100_000, FreeBlocks = 100_000, MaxContext = 1_000_000 });
        var call = Views.Call(prompt: 200_000);
        Assert.True(new PowerAwarePolicy().Foresee(call, view, 0).TtftSeconds > call.Level.TtftSeconds);
        Assert.True(new PowerAwarePolicy(new PowerWeights { ShedAbove = 1 }).Choose(call, view).IsPlaced);
    }

    [Theory]
    [InlineData(4, 1)]
    [InlineData(2000, 0)]
    public void Short_outputs_keep_prompts_away_from_each_other_and_long_ones_do_not(int tokens, int chosen)
    {
        // 48 and 60 ms of prompts within outputs of 3 times between tokens: above 50 ms in the mean.
        var view = Views.Of(Views.Idle with { Waiting = 2, QueuedPromptTokens = 3200 }, Views.Idle);
        view.Lengths.Learn(tokens);
        Assert.Equal(chosen, new PowerAwarePolicy().Choose(Views.Call(prompt: 2000), view).Device);
        Assert.Equal(0, new PowerAwarePolicy(new PowerWeights { Stall = 0 }).Choose(Views.Call(prompt: 2000), view).Device);
    }

    [Fact]
    public void The_best_cache_is_that_of_the_call_in_hand()
    {
        var view = Views.Of(Views.Idle, Views.Idle);
        Assert.Equal(-1, view.BestCache);
        view.ChangeOverlap()[1] = 3;
        Assert.Equal(1, view.BestCache);
        view.ChangeOverlap()[0] = 3;
        Assert.Equal((0, 3), (view.BestCache, view.CachedBlocks(1)));
        view.ChangeOverlap().Clear();
        Assert.Equal(-1, view.BestCache);
    }

    [Fact]
    public void Nothing_is_stalled_on_an_idle_device()
    {
        var view = Views.Of(Views.Idle);
        view.Lengths.Learn(2);
        Assert.Equal(0, new PowerAwarePolicy().Score(Views.Call(prompt: 8000), view, 0).Harm);
    }

    [Fact]
    public void What_the_first_of_some_siblings_brought_does_not_drive_the_others_away()
    {
        // Slow clocks, and prompts that take most of the time: a little more of them is too much, on one device or on the other.
        var busy = Views.Idle with { Running = 20, CapWatts = 300, FreeBlocks = 600 };
        var view = Views.Of(busy, busy);
        foreach (ref var device in view.Devices)
        {
            device.PromptShare = 0.3;
        }

        view.Devices[0].UnseenPromptSeconds = 0.06;
        view.Devices[0].UnseenPromptTokens = 2000;
        view.Devices[0].UnseenCalls = 1;
        view.Refresh(0);
        view.Refresh(1);
        view.ChangeOverlap()[0] = 120;
        Assert.Equal(0, new PowerAwarePolicy().Choose(Views.Call(prompt: 2000), view).Device);
        view.ChangeOverlap()[0] = 0;
        Assert.Equal(1, new PowerAwarePolicy().Choose(Views.Call(prompt: 2000), view).Device);
    }

    [Fact]
    public void A_session_stays_where_its_prompt_is_while_others_would_wait_for_its_moving()
    {
        // A queue at home of a second and a half, none elsewhere, and a prompt that takes most of a second to compute.
        var policy = new PowerAwarePolicy();
        var careless = new PowerAwarePolicy(new PowerWeights { Recompute = 0 });
        var call = Views.Call(prompt: 20_000);
        Assert.Equal((0, 1), (policy.Choose(call, Crowd(0.9)).Device, careless.Choose(call, Crowd(0.9)).Device));

        // Nobody comes meanwhile: it moves.
        Assert.Equal(1, policy.Choose(call, Crowd(0.05)).Device);

        static FactoryView Crowd(double share)
        {
            var busy = Views.Idle with { Running = 10, QueuedPromptTokens = 35_000, FreeBlocks = 20_000, TotalBlocks = 30_000, MaxContext = 100_000 };
            var view = Views.Of(busy, busy with { QueuedPromptTokens = 0 });
            foreach (ref var device in view.Devices)
            {
                device.PromptShare = share;
            }

            view.Refresh(0);
            view.Refresh(1);
            for (var i = 0; i < 8; i++)
            {
                view.Flows.Of(null).Learn(0.05);
            }

            view.ChangeOverlap()[0] = 1240;
            return view;
        }
    }

    [Fact]
    public void What_is_hopeless_everywhere_goes_where_it_is_least_so()
    {
        var late = Views.Idle with { Running = 10, FreeBlocks = 600 };
        var view = Views.Of(late with { QueuedPromptTokens = 900_000 }, late with { QueuedPromptTokens = 600_000 }, late with { QueuedPromptTokens = 800_000 });
        var policy = new PowerAwarePolicy(new PowerWeights { Stall = 0, Energy = 0 });
        Assert.Equal(1, policy.Choose(Views.Call(), view).Device);

        // By so much that nothing else outweighs it.
        Assert.True(policy.Score(Views.Call(), view, 2).Wait - policy.Score(Views.Call(), view, 1).Wait > 1e6);
    }

    [Fact]
    public void Prompts_beside_a_call_lengthen_its_pace_no_further_than_an_engine_lets_them()
    {
        var view = Views.Of(Views.Idle with { Running = 10, FreeBlocks = 600 });
        view.Devices[0].PromptShare = 5;
        view.Refresh(0);
        var policy = new PowerAwarePolicy();
        Assert.Equal(0.6 * Views.Call().Level.ItlSeconds, policy.Foresee(Views.Call(), view, 0).ItlSeconds, 1e-12);
        view.Devices[0].Load = view.Devices[0].Load with { Running = 900 };
        view.Refresh(0);
        Assert.True(policy.Foresee(Views.Call(), view, 0).ItlSeconds > 0.6 * Views.Call().Level.ItlSeconds);
    }

    [Fact]
    public void A_time_to_first_token_is_that_at_the_clock_that_caps_which_follow_the_queue_will_give()
    {
        // Of two devices under the lowest cap the budget lets neither, or both, rise to the highest.
        var full = Views.Gpu.MaxCapWatts;
        var low = full * 0.4;
        var clock = Views.Gpu.PrefillClock(low);
        foreach (var (queued, scarce, risen) in (ReadOnlySpan<(int, double, double)>)[(10_000, At(10_000), At(10_000)), (30_000, At(30_000), 1.4), (60_000, At(60_000), At(60_000) * clock)])
        {
            Assert.Equal(scarce, Foreseen(queued, 2 * low), 0.05);
            Assert.Equal(risen, Foreseen(queued, 2 * full), 0.05);
            Assert.Equal(At(queued) * clock, Foreseen(queued, 2 * full, cap: full), 0.05);
            Assert.Equal(scarce, Foreseen(queued, 2 * full, rack: 2 * Views.Idle.Watts), 0.05);
        }

        double At(int queued) => queued * Views.Gpu.PromptSeconds / clock;

        double Foreseen(int queued, double budget, double? cap = null, double rack = double.PositiveInfinity)
        {
            var load = Views.Idle with { CapWatts = cap ?? low, QueuedPromptTokens = queued, QueuedPromptSeconds = queued * Views.Gpu.PromptSeconds };
            var book = new PlacementBook(new PowerAwarePolicy(), Views.Of(load, load));
            var level = new PowerLevel { BudgetWatts = budget };
            var own = new PowerLevel { BudgetWatts = rack };
            book.Assign(0, null, null, own, level);
            book.Assign(1, null, null, own, level);
            return new PowerAwarePolicy().Foresee(Views.Call(), book.View, 0).TtftSeconds;
        }
    }
}
