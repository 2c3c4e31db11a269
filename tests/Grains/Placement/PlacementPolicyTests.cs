using Crescent.Grains.Placement;
using CsCheck;

namespace Crescent.Tests.Grains.Placement;

public sealed class PlacementPolicyTests
{
    public static TheoryData<string> Names => [.. PlacementPolicies.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_device_that_may_not_take_the_call_is_never_chosen(string name)
    {
        var policy = Policy(name);
        Gen.Select(Gen.Int[0, 6].Array[1, 8], Gen.Long[0, 1000]).Sample((faults, number) =>
        {
            var view = Views.Of([.. faults.Select(static fault => fault switch
            {
                1 => Views.Idle with { MaxContext = 100 },
                2 => Views.Idle with { TotalBlocks = 7, FreeBlocks = 7 },
                3 => Views.Idle with { Waiting = PlacementOptions.DefaultMaxQueued },
                _ => Views.Idle,
            })]);
            for (var i = 0; i < faults.Length; i++)
            {
                view.Devices[i].Draining = faults[i] == 4;
                view.Devices[i].HeardAt -= faults[i] == 5 ? 3.1 : 0;
                view.Devices[i].Reachable = faults[i] != 6;
            }

            var decision = policy.Choose(Views.Call(number), view);
            Assert.Equal(faults.Contains(0), decision.IsPlaced);
            Assert.True(!decision.IsPlaced || faults[decision.Device] == 0);
            Assert.Equal(decision.IsPlaced, view.Refuse(Views.Call(number)) is null);
        });
    }

    [Fact]
    public void A_device_that_has_the_prompt_is_worth_a_short_queue_and_not_a_long_one()
    {
        for (var number = 0; number < 3; number++)
        {
            Assert.Equal(2, Chosen(number, queued: 1000));
            Assert.NotEqual(2, Chosen(number, queued: 3000));
        }

        static int Chosen(long number, int queued)
        {
            var idle = Views.Idle with { TotalBlocks = 1000, FreeBlocks = 1000 };
            var view = Views.Of(idle, idle, idle with { QueuedPromptTokens = queued });
            view.Overlap[2] = 2000 / 16;
            return new PowerQueuePolicy().Choose(Views.Call(number, prompt: 2_010, max: 10), view).Device;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Equal_devices_take_turns(string name)
    {
        var view = Views.Of(Views.Idle, Views.Idle, Views.Idle);
        var chosen = Enumerable.Range(0, 6).Select(n => Policy(name).Choose(Views.Call(n), view).Device);
        Assert.Equal([0, 1, 2, 0, 1, 2], chosen);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_device_without_free_blocks_is_chosen_only_when_none_has_any(string name)
    {
        var full = Views.Idle with { FreeBlocks = 1, Running = 1 };
        for (var number = 0; number < 3; number++)
        {
            Assert.Equal(1, Policy(name).Choose(Views.Call(number), Views.Of(full, Views.Idle with { Running = 40, Waiting = 3 }, full)).Device);
            Assert.True(Policy(name).Choose(Views.Call(number), Views.Of(full, full)).IsPlaced);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_device_that_has_just_refused_is_avoided(string name)
    {
        for (var number = 0; number < 4; number++)
        {
            Assert.Equal(1, Policy(name).Choose(Views.Call(number, avoid: "silo-0/gpu"), Views.Of(Views.Idle, Views.Idle)).Device);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_decision_allocates_nothing(string name)
    {
        var policy = Policy(name);
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
    [InlineData(PowerQueuePolicy.PolicyName)]
    [InlineData(LeastQueuePolicy.PolicyName)]
    public void A_busy_device_gives_way_to_an_idle_one(string name)
    {
        for (var number = 0; number < 3; number++)
        {
            Assert.Equal(2, Policy(name).Choose(
                Views.Call(number), Views.Of(Views.Idle with { Running = 1 }, Views.Idle with { Waiting = 1 }, Views.Idle)).Device);
        }
    }

    [Theory]
    [InlineData(PowerQueuePolicy.PolicyName)]
    [InlineData(LeastQueuePolicy.PolicyName)]
    public void What_is_on_its_way_counts(string name)
    {
        var view = Views.Of(Views.Idle, Views.Idle);
        view.Devices[0].UnseenCalls = 1;
        view.Devices[0].UnseenPromptTokens = 64;
        view.Devices[0].UnseenBlocks = 8;
        Assert.Equal(1, Policy(name).Choose(Views.Call(), view).Device);
    }

    [Fact]
    public void Power_queue_weighs_the_queue_by_the_time_of_a_step()
    {
        var slow = Views.Idle with { StepSeconds = 0.1, Running = 1 };
        var fast = Views.Idle with { StepSeconds = 0.01, Running = 4 };
        Assert.Equal(1, new PowerQueuePolicy().Choose(Views.Call(), Views.Of(slow, fast)).Device);
        Assert.Equal(0, new LeastQueuePolicy().Choose(Views.Call(), Views.Of(slow, fast)).Device);
    }

    [Fact]
    public void Power_queue_sees_long_prompts_ahead()
    {
        var longAhead = Views.Idle with { Waiting = 1, QueuedPromptTokens = 4000 };
        var shortAhead = Views.Idle with { Waiting = 2, QueuedPromptTokens = 20 };
        Assert.Equal(1, new PowerQueuePolicy().Choose(Views.Call(), Views.Of(longAhead, shortAhead)).Device);
    }

    [Fact]
    public void Power_queue_leaves_room_in_the_blocks()
    {
        var nearlyFull = Views.Idle with { FreeBlocks = 10 };
        Assert.Equal(1, new PowerQueuePolicy().Choose(Views.Call(), Views.Of(nearlyFull, Views.Idle)).Device);
        var promised = Views.Idle with { CommittedBlocks = 95 };
        Assert.Equal(1, new PowerQueuePolicy().Choose(Views.Call(), Views.Of(promised, Views.Idle)).Device);
    }

    [Fact]
    public void Power_queue_prefers_the_device_with_more_headroom_when_the_queues_are_alike()
    {
        var hot = Views.Idle with { Watts = 650 };
        Assert.Equal(1, new PowerQueuePolicy().Choose(Views.Call(), Views.Of(hot, Views.Idle)).Device);
        var terms = new PowerQueuePolicy(powerWeight: 0).Terms(Views.Call(), Views.Of(hot).Devices[0], uncached: 64);
        Assert.Equal(0, terms.Power);
        Assert.Equal(terms.Queue + terms.Blocks, terms.Score);
    }

    [Fact]
    public void The_power_curve_gives_the_measured_points()
    {
        Assert.Equal(304, DecodePowerCurve.Watts(700, 1), 1.0);
        Assert.Equal(435, DecodePowerCurve.Watts(700, 16), 1.0);
        Assert.Equal(557, DecodePowerCurve.Watts(700, 64), 1.0);
        Assert.True(DecodePowerCurve.AddedWatts(700, 0) > DecodePowerCurve.AddedWatts(700, 200));
    }

    [Fact]
    public void An_unknown_policy_is_named_with_the_known_ones()
    {
        var error = Assert.Throws<ArgumentException>(() => PlacementPolicies.Create(new PlacementOptions { Policy = "best" }));
        Assert.Contains("Crescent:Placement:Policy is 'best'", error.Message, StringComparison.Ordinal);
        Assert.All(PlacementPolicies.Names, name => Assert.Contains(name, error.Message, StringComparison.Ordinal));
    }

    private static IPlacementPolicy Policy(string name) => PlacementPolicies.Create(new PlacementOptions { Policy = name });
}
