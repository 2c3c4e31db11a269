using Crescent.Control.Power;

namespace Crescent.Tests.Control.Power;

public class PowerGovernorTests
{
    private static readonly PowerBudgets Kilowatt = new() { ClusterWatts = 1000 };

    private readonly PowerGovernor _governor = new(new UniformCaps(), random: new Random(1));

    [Fact]
    public void Caps_fit_the_tightest_level()
    {
        var budgets = new PowerBudgets
        {
            ClusterWatts = 1800,
            RackWatts = new Dictionary<string, double> { ["r"] = 1000 },
            NodeWatts = new Dictionary<string, double> { ["n1"] = 500 },
            DeviceWatts = new Dictionary<string, double> { ["a"] = 220 },
        };
        DevicePower[] devices =
        [
            Profiles.Reading("a", 400, node: "n1"), Profiles.Reading("b", 400, node: "n1"),
            Profiles.Reading("c", 400, node: "n2"), Profiles.Reading("d", 400, node: "n3", rack: "s"),
        ];
        var caps = _governor.Step(0, devices, budgets).Orders.ToDictionary(static o => o.Device, static o => o.Watts);
        Assert.True(caps["a"] <= 220);
        Assert.InRange(caps["a"] + caps["b"], 400, 500);
        Assert.InRange(caps["a"] + caps["b"] + caps["c"], 600, 1000);
        Assert.InRange(caps.Values.Sum(), 1300, 1800);
    }

    [Fact]
    public void What_a_lower_cap_frees_is_given_only_once_it_is_confirmed()
    {
        var uneven = new ChosenCaps { ["a"] = 300, ["b"] = 700 };
        var governor = new PowerGovernor(uneven, random: new Random(1));
        var a = new CapKeeper(new FakeCap(200, 700), 1);
        var b = new CapKeeper(new FakeCap(200, 700), 2);
        Settle(governor, a, b);
        Assert.Equal((300, 700), (a.State.Watts, b.State.Watts));

        (uneven["a"], uneven["b"]) = (700, 300);
        var step = governor.Step(10, [Reading("a", a), Reading("b", b)], Kilowatt);
        Assert.Equal(("b", 300), (step.Orders[0].Device, step.Orders[0].Watts));
        Assert.Single(step.Orders);

        // The order is on its way: nothing is free yet, and it is repeated.
        step = governor.Step(11, [Reading("a", a), Reading("b", b)], Kilowatt);
        var again = Assert.Single(step.Orders);
        b.Take(again);
        step = governor.Step(12, [Reading("a", a), Reading("b", b)], Kilowatt);
        Assert.Equal(("a", 700), (step.Orders[0].Device, step.Orders[0].Watts));
    }

    [Fact]
    public void A_governor_that_starts_gives_nothing_before_devices_have_taken_its_term()
    {
        var a = new CapKeeper(new FakeCap(200, 700), 1);
        var b = new CapKeeper(new FakeCap(200, 700), 2);
        var step = _governor.Step(0, [Reading("a", a), Reading("b", b)], Kilowatt);
        Assert.All(step.Orders, static o => Assert.True(o.IsCeiling));
        a.Take(step.Orders.Single(static o => o.Device == "a"));
        step = _governor.Step(5, [Reading("a", a), Reading("b", b)], Kilowatt);

        // An order of an earlier governor could still raise b to its highest cap, 700 W.
        Assert.Equal(300, step.Orders.Single(static o => o.Device == "a").Watts);
        foreach (var order in step.Orders)
        {
            (order.Device == "a" ? a : b).Take(order);
        }

        step = _governor.Step(6, [Reading("a", a), Reading("b", b)], Kilowatt);
        Assert.Equal([500, 500], step.Orders.Select(static o => o.Watts));
    }

    [Fact]
    public void A_governor_that_sees_a_later_term_takes_a_higher_one_and_knows_nothing()
    {
        var a = new CapKeeper(new FakeCap(200, 700), 1);
        Settle(_governor, a);
        var term = _governor.Term;
        var other = new PowerGovernor(new UniformCaps(), random: new Random(2));
        foreach (var order in other.Step(0, [Reading("a", a)], Kilowatt).Orders)
        {
            a.Take(order);
        }

        Assert.True(other.Term > term);
        var step = _governor.Step(20, [Reading("a", a)], Kilowatt);
        Assert.True(_governor.Term > other.Term);
        Assert.True(Assert.Single(step.Orders).IsCeiling);
    }

    [Fact]
    public void A_device_that_left_counts_with_its_cap_until_its_lease_is_over_and_then_with_its_lowest()
    {
        var a = new CapKeeper(new FakeCap(200, 700), 1);
        var b = new CapKeeper(new FakeCap(200, 700), 2);
        Settle(_governor, a, b);
        Assert.Empty(_governor.Step(10, [Reading("a", a)], Kilowatt).Orders);
        Assert.Empty(_governor.Step(21, [Reading("a", a)], Kilowatt).Orders);
        Assert.Equal(700, Assert.Single(_governor.Step(22.5, [Reading("a", a)], Kilowatt).Orders).Watts);
        Assert.Equal(900, Assert.Single(_governor.Step(23, [Reading("a", a)], Kilowatt).Levels).ExposedWatts);
    }

    [Fact]
    public void A_level_over_its_budget_is_remedied_step_by_step_and_back()
    {
        // Devices that do not obey.
        DevicePower[] over = [Profiles.Reading("a", 600, 200), Profiles.Reading("b", 500, 200), Profiles.Reading("c", 100, 200)];
        var budgets = Kilowatt;
        Assert.Equal(PowerAction.LowerCaps, Action(0, over, out var step));
        Assert.False(step.DeferBatch);
        Assert.Equal(PowerAction.DeferBatch, Action(2, over, out step));
        Assert.True(step.DeferBatch);
        Assert.Equal(PowerAction.Drain, Action(4, over, out step));
        Assert.Equal(["a"], step.Drain);
        Assert.Equal(PowerAction.Drain, Action(6, [over[0] with { Draining = true }, over[1], over[2]], out step));
        Assert.Equal(["a", "b"], step.Drain);

        // The last device that takes work goes on doing so.
        Action(8, [over[0] with { Draining = true }, over[1] with { Draining = true }, over[2]], out step);
        Assert.Equal(["a", "b"], step.Drain);

        DevicePower[] calm = [Profiles.Reading("a", 100, 200), Profiles.Reading("b", 100, 200), Profiles.Reading("c", 100, 200)];
        Assert.Equal(PowerAction.Drain, Action(9, calm, out _));
        Assert.Equal(PowerAction.Drain, Action(18, calm, out _));
        Assert.Equal(PowerAction.DeferBatch, Action(19, calm, out step));
        Assert.Empty(step.Drain);
        Assert.True(step.DeferBatch);
        Assert.Equal(PowerAction.LowerCaps, Action(29, calm, out step));
        Assert.False(step.DeferBatch);
        Assert.Equal(PowerAction.None, Action(30, calm, out _));

        PowerAction Action(double now, DevicePower[] devices, out GovernorStep step)
        {
            step = _governor.Step(now, devices, budgets);
            return Assert.Single(step.Levels).Action;
        }
    }

    [Fact]
    public void Each_change_of_what_is_done_is_an_event()
    {
        DevicePower[] over = [Profiles.Reading("a", 1200, 200)];
        Assert.Equal(new PowerEvent(1, PowerAction.LowerCaps, PowerLevelKind.Cluster, "", 1200, 1000), Assert.Single(_governor.Step(1, over, Kilowatt).Events));
        Assert.Empty(_governor.Step(2, over, Kilowatt).Events);
        Assert.Equal(PowerAction.DeferBatch, Assert.Single(_governor.Step(3, over, Kilowatt).Events).Action);
    }

    [Fact]
    public void The_price_rises_above_the_target_and_falls_below_it()
    {
        Assert.Equal(0, Price(0, 970));
        Assert.Equal(0, Price(1, 970));
        Assert.Equal(2 * 0.03, Price(2, 1000), 9);
        Assert.Equal(2 * 0.06, Price(3, 1000), 9);
        Assert.Equal((2 * 0.06) - (2 * 0.02), Price(4, 950), 9);
        Assert.Equal(0, Price(5, 100));

        // A governor that was away does not make it jump.
        Assert.Equal(2 * 2 * 0.03, Price(500, 1000), 9);

        double Price(double now, double watts) => Assert.Single(_governor.Step(now, [Profiles.Reading("a", watts)], Kilowatt).Levels).Price;
    }

    [Fact]
    public void A_device_without_a_cap_counts_with_its_highest_watts()
    {
        var fixedCap = Profiles.Reading("a", 50, 65) with { Profile = Profiles.Of(400, 400) };
        var step = _governor.Step(0, [fixedCap, Profiles.Reading("b", 500)], Kilowatt);
        Assert.Equal(("b", 600), (Assert.Single(step.Orders).Device, step.Orders[0].Watts));
    }

    [Fact]
    public void Without_budgets_caps_are_as_high_as_they_go()
    {
        var a = new CapKeeper(new FakeCap(200, 700), 1);
        a.Take(Assert.Single(_governor.Step(0, [Reading("a", a)], PowerBudgets.None).Orders));
        Assert.Equal(700, a.State.Watts);
        Assert.Empty(_governor.Step(1, [Reading("a", a)], PowerBudgets.None).Orders);
    }

    private static DevicePower Reading(string key, CapKeeper keeper)
    {
        var state = keeper.State;
        return Profiles.Reading(key, state.Watts, state.Watts) with { Stamp = state.Stamp, Incarnation = state.Incarnation };
    }

    private static void Settle(PowerGovernor governor, params CapKeeper[] keepers)
    {
        for (var now = 0; now < 8; now++)
        {
            var readings = keepers.Select((k, i) => Reading(((char)('a' + i)).ToString(), k)).ToArray();
            foreach (var order in governor.Step(now, readings, Kilowatt).Orders)
            {
                keepers[order.Device[0] - 'a'].Take(order);
            }
        }
    }

    private sealed class ChosenCaps : Dictionary<string, double>, IPowerController
    {
        public string Name => "chosen";

        public void Plan(ReadOnlySpan<DevicePower> devices, PowerBudgets budgets, Span<double> caps)
        {
            for (var i = 0; i < devices.Length; i++)
            {
                caps[i] = this[devices[i].Key];
            }
        }
    }
}
