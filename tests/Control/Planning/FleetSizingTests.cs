using Crescent.Control.Placement;
using Crescent.Control.Planning;
using Crescent.Tests.Control.Power;

namespace Crescent.Tests.Control.Planning;

public class FleetSizingTests
{
    // A step of 10 ms and 0.1 ms a sequence: 50 ms between tokens is reached at 400 sequences a device.
    private static readonly ReplicaShape Replica = new(Profiles.Of(), 8, 100_000);
    private static readonly FleetSizing Unbounded = new(Replica, ServiceLevel.Standard, double.PositiveInfinity);

    [Theory]
    [InlineData(3200, 1, 1.0)]
    [InlineData(3200, 2, 0.6)]
    [InlineData(32, 4, 0.0)]
    public void Time_between_tokens_bounds_the_sequences_of_a_device(int sequences, int replicas, double utilisation) =>
        Assert.Equal(utilisation, Unbounded.Utilisation(new FleetLoad(sequences, 0, 0), replicas), 6);

    [Fact]
    public void Context_and_prompts_bound_it_too()
    {
        Assert.Equal(0.5, Unbounded.Utilisation(new FleetLoad(8, 400_000, 0), 1), 6);

        // Four device seconds of prompts a second on eight devices: half of their time, of the 0.8 that prompts may take.
        Assert.Equal(0.5 / 0.8, Unbounded.Utilisation(new FleetLoad(8, 0, 4), 1), 6);
    }

    [Fact]
    public void Prompts_lengthen_the_time_between_tokens_of_those_beside()
    {
        var without = Unbounded.Utilisation(new FleetLoad(1600, 0, 0), 1);
        Assert.Equal(without / 0.75, Unbounded.Utilisation(new FleetLoad(1600, 0, 2), 1), 6);
    }

    [Fact]
    public void The_fewest_replicas_are_found_and_where_none_suffices_the_least_busy()
    {
        var load = new FleetLoad(16_000, 0, 0);
        Assert.Equal(7, Unbounded.Fewest(load, 1, 32, 0.85));
        Assert.True(Unbounded.Utilisation(load, 7) <= 0.85);
        Assert.True(Unbounded.Utilisation(load, 6) > 0.85);
        Assert.Equal(4, Unbounded.Fewest(load, 1, 4, 0.85));
        Assert.Equal(1, Unbounded.Fewest(default, 1, 32, 0.85));
    }

    [Fact]
    public void A_budget_bounds_replicas_by_their_lowest_caps_and_slows_those_that_share_it()
    {
        var tight = new FleetSizing(Replica, ServiceLevel.Standard, 8 * 200 * 3.5);
        Assert.Equal(3, tight.MostByPower);
        var load = new FleetLoad(2000, 0, 2);
        Assert.True(tight.Utilisation(load, 3) > Unbounded.Utilisation(load, 3));
        Assert.True(tight.Watts(load, 3) <= 8 * 200 * 3.5);
    }

    [Fact]
    public void A_server_and_its_fans_are_counted_whether_it_is_busy_or_not()
    {
        var sizing = new FleetSizing(Replica with { HostWatts = 1800, HostFactor = 1.5 }, ServiceLevel.Standard, double.PositiveInfinity);
        Assert.Equal(2 * (1800 + (1.5 * 8 * 75)), sizing.Watts(default, 2), 6);
        Assert.True(sizing.Watts(new FleetLoad(800, 0, 1), 2) > sizing.Watts(default, 2));
    }
}
