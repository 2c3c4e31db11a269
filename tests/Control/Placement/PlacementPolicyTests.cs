using Crescent.Control.Placement;
using CsCheck;

namespace Crescent.Tests.Control.Placement;

public sealed class PlacementPolicyTests
{
    public static TheoryData<string> Names => [.. PlacementPolicies.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_device_that_may_not_take_the_call_is_never_chosen(string name)
    {
        var policy = PlacementPolicies.Create(name);
        Gen.Select(Gen.Int[0, 6].Array[1, 8], Gen.Long[0, 1000]).Sample((faults, number) =>
        {
            var view = Views.Of([.. faults.Select(static fault => fault switch
            {
                1 => Views.Idle with { MaxContext = 100 },
                2 => Views.Idle with { TotalBlocks = 7, FreeBlocks = 7 },
                3 => Views.Idle with { Waiting = FactoryView.DefaultMaxQueued },
                _ => Views.Idle,
            })]);
            for (var i = 0; i < faults.Length; i++)
            {
                view.Devices[i].Draining = faults[i] == 4;
                view.Devices[i].HeardAt -= faults[i] == 5 ? 3.1 : 0;
                view.Devices[i].Reachable = faults[i] != 6;
                view.Refresh(i);
            }

            var decision = policy.Choose(Views.Call(number), view);
            Assert.Equal(faults.Contains(0), decision.IsPlaced);
            Assert.True(!decision.IsPlaced || faults[decision.Device] == 0);
        });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Equal_devices_take_turns_unless_it_saves_energy_to_fill_one_first(string name)
    {
        var view = Views.Of(Views.Idle, Views.Idle, Views.Idle);
        var chosen = Enumerable.Range(0, 6).Select(n => PlacementPolicies.Create(name).Choose(Views.Call(n), view).Device);
        Assert.Equal(name == PowerAwarePolicy.PolicyName ? [0, 0, 0, 0, 0, 0] : [0, 1, 2, 0, 1, 2], chosen);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_device_without_free_blocks_is_chosen_only_when_none_has_any(string name)
    {
        var policy = PlacementPolicies.Create(name);
        var full = Views.Idle with { FreeBlocks = 1, Running = 1 };
        for (var number = 0; number < 3; number++)
        {
            Assert.Equal(1, policy.Choose(Views.Call(number), Views.Of(full, Views.Idle with { Running = 40, Waiting = 3 }, full)).Device);
            Assert.True(policy.Choose(Views.Call(number), Views.Of(full, full)).IsPlaced);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_device_whose_level_has_no_watts_left_is_chosen_only_when_none_has_any(string name)
    {
        var policy = PlacementPolicies.Create(name);
        for (var number = 0; number < 3; number++)
        {
            var view = Views.Of(Views.Idle, Views.Idle with { Running = 30 }, Views.Idle);
            var spent = new PowerLevel { BudgetWatts = 400, Watts = 400 };
            (view.Devices[0].NodeLevel, view.Devices[2].NodeLevel) = (spent, spent);
            Assert.Equal(1, policy.Choose(Views.Call(number), view).Device);
            view.Devices[1].NodeLevel = spent;
            Assert.True(policy.Choose(Views.Call(number), view).IsPlaced);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_device_that_has_just_refused_is_avoided(string name)
    {
        for (var number = 0; number < 4; number++)
        {
            var chosen = PlacementPolicies.Create(name).Choose(Views.Call(number, avoid: Views.Key(0)), Views.Of(Views.Idle, Views.Idle));
            Assert.Equal(1, chosen.Device);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_burst_leaves_no_device_with_more_than_its_users_were_promised_to_wait(string name)
    {
        var book = new PlacementBook(PlacementPolicies.Create(name), Views.Of([.. Enumerable.Repeat(Views.Idle with { TotalBlocks = 20_000, FreeBlocks = 20_000 }, 16)]));
        for (var i = 1; i <= 128; i++)
        {
            Assert.True(book.Place(Views.Call(i, prompt: 4000), i).IsPlaced);
        }

        var waits = book.View.Devices.ToArray().Select(static d => d.UnseenPromptTokens * d.Profile.PromptSeconds).ToList();
        Assert.Equal(128 * 4000 * Views.Gpu.PromptSeconds, waits.Sum(), 6);
        Assert.All(waits, static seconds => Assert.InRange(seconds, 0, ServiceLevel.Standard.TtftSeconds));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_decision_allocates_nothing(string name)
    {
        var policy = PlacementPolicies.Create(name);
        var view = Views.Of([.. Enumerable.Range(0, 64).Select(static i => Views.Idle with { Running = i % 7, Waiting = i % 3 })]);
        Decide();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Decide();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Decide()
        {
            for (var number = 0; number < 100; number++)
            {
                policy.Choose(Views.Call(number), view);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_term_that_is_not_0_has_a_name(string name)
    {
        var policy = PlacementPolicies.Create(name);
        var view = Views.Of(Views.Idle, Views.Idle with { Running = 60, Waiting = 9, QueuedPromptTokens = 9000, FreeBlocks = 500 });
        view.Devices[1].ClusterLevel = new PowerLevel { BudgetWatts = 1000, Watts = 500, Price = 2 };
        for (var device = 0; device < 2; device++)
        {
            var terms = policy.Score(Views.Call(3), view, device);
            Assert.All(Enumerable.Range(policy.TermNames.Count, 6 - policy.TermNames.Count), term => Assert.Equal(0, terms[term]));
            Assert.Equal(terms.Score, Enumerable.Range(0, policy.TermNames.Count).Sum(term => terms[term]), 9);
        }
    }

    [Fact]
    public void Least_queue_counts_what_runs_waits_and_is_on_its_way()
    {
        var view = Views.Of(Views.Idle with { Running = 1 }, Views.Idle with { Waiting = 1 }, Views.Idle, Views.Idle);
        view.Devices[2].UnseenCalls = 1;
        for (var number = 0; number < 4; number++)
        {
            Assert.Equal(3, new LeastQueuePolicy().Choose(Views.Call(number), view).Device);
        }
    }

    [Fact]
    public void Power_aware_fills_a_device_that_is_awake_while_it_keeps_its_promises()
    {
        var awake = Views.Idle with { Running = 4 };
        Assert.Equal(1, new PowerAwarePolicy().Choose(Views.Call(), Views.Of(Views.Idle, awake)).Device);
        var late = Views.Idle with { Running = 4, QueuedPromptTokens = 100_000 };
        Assert.Equal(0, new PowerAwarePolicy().Choose(Views.Call(), Views.Of(Views.Idle, late)).Device);
    }

    [Fact]
    public void Power_aware_goes_where_a_watt_costs_less()
    {
        var view = Views.Of(Views.Idle, Views.Idle);
        view.Devices[0].ClusterLevel = new PowerLevel { BudgetWatts = 2000, Watts = 500, Price = 5 };
        Assert.Equal(1, new PowerAwarePolicy().Choose(Views.Call(), view).Device);
        Assert.Equal(0, new PowerAwarePolicy(new PowerWeights { Power = 0 }).Choose(Views.Call(), view).Device);
    }

    [Fact]
    public void What_a_cache_holds_draws_a_call()
    {
        foreach (var name in PlacementPolicies.Names.Except([LeastLoadPolicy.PolicyName, LeastQueuePolicy.PolicyName, RoundRobinPolicy.PolicyName]))
        {
            var view = Views.Of(Views.Idle, Views.Idle, Views.Idle);
            view.ChangeOverlap()[2] = 60;
            Assert.Equal(2, PlacementPolicies.Create(name).Choose(Views.Call(prompt: 1000), view).Device);
        }
    }

    [Theory]
    [InlineData(PowerAwarePolicy.PolicyName)]
    [InlineData(KvQueuePolicy.PolicyName)]
    public void A_device_that_has_the_prompt_is_worth_a_short_queue_and_not_a_long_one(string name)
    {
        for (var number = 0; number < 3; number++)
        {
            Assert.Equal(2, Chosen(number, queued: 1000));
            Assert.NotEqual(2, Chosen(number, queued: 60_000));
        }

        int Chosen(long number, int queued)
        {
            var view = Views.Of(Views.Idle, Views.Idle, Views.Idle with { QueuedPromptTokens = queued });
            view.ChangeOverlap()[2] = 2000 / 16;
            return PlacementPolicies.Create(name).Choose(Views.Call(number, prompt: 2_010, max: 10), view).Device;
        }
    }

    [Fact]
    public void An_unknown_policy_is_named_with_the_known_ones()
    {
        var error = Assert.Throws<ArgumentException>(static () => PlacementPolicies.Create("best"));
        Assert.Contains("'best'", error.Message, StringComparison.Ordinal);
        Assert.All(PlacementPolicies.Names, name => Assert.Contains(name, error.Message, StringComparison.Ordinal));
    }
}
