using Crescent.Control.Power;

namespace Crescent.Tests.Control.Power;

public sealed class GovernedLevelsTests
{
    private readonly GovernedLevels _levels = new();
    private readonly GovernorStep _step = new();

    [Fact]
    public void A_device_belongs_to_the_levels_that_have_a_budget_from_the_largest()
    {
        _levels.Begin(new PowerBudgets { ClusterWatts = 5000, RackWatts = Of("r", 3000), NodeWatts = Of("other", 900), DeviceWatts = Of("a", 400) });
        Assert.Equal([(PowerLevelKind.Cluster, "", 5000), (PowerLevelKind.Rack, "r", 3000), (PowerLevelKind.Device, "a", 400)], Levels(Join("a")));
        Assert.Equal([(PowerLevelKind.Cluster, "", 5000), (PowerLevelKind.Rack, "r", 3000)], Levels(Join("b")));
        Assert.Same(Join("a").Levels[0], Join("b").Levels[0]);
    }

    [Fact]
    public void A_level_ends_with_its_budget_and_begins_anew_with_the_next_look()
    {
        _levels.Begin(new PowerBudgets { ClusterWatts = 5000, RackWatts = Of("r", 3000) });
        var rack = Join("a", 300, 700).Levels[1];
        _levels.Begin(new PowerBudgets { RackWatts = Of("r", 2000) });
        var again = Assert.Single(Join("a").Levels);
        Assert.Same(rack, again);
        Assert.Equal((2000, 0, 0, 0), (again.Budget, again.Watts, again.Exposure, again.Members.Count));
        _levels.Judge(0, 0, [], new GovernorOptions(), _step);
        Assert.Equal("r", Assert.Single(_step.Levels).Name);
    }

    [Fact]
    public void What_is_too_much_is_given_up_in_the_same_share_above_the_lowest_caps()
    {
        _levels.Begin(new PowerBudgets { ClusterWatts = 1000 });
        DevicePower[] devices = [Profiles.Reading("a", 300), Profiles.Reading("b", 300)];
        Add(devices);
        double[] wanted = [700, 400];
        _levels.Fit(devices, wanted);

        // 600 W are left above twice 200 W, and 700 W are wanted there.
        Assert.Equal(200 + (500 * 6 / 7.0), wanted[0], 1e-9);
        Assert.Equal(200 + (200 * 6 / 7.0), wanted[1], 1e-9);
    }

    [Fact]
    public void What_a_node_gives_up_counts_for_its_rack()
    {
        _levels.Begin(new PowerBudgets { RackWatts = Of("r", 1200), NodeWatts = Of("n", 500) });
        DevicePower[] devices = [Profiles.Reading("a", 300), Profiles.Reading("b", 300, node: "m")];
        Add(devices);
        double[] wanted = [700, 700];
        _levels.Fit(devices, wanted);
        Assert.Equal([500, 700], wanted);
    }

    [Fact]
    public void What_is_kept_for_devices_that_left_is_not_given_and_no_cap_falls_below_the_lowest()
    {
        _levels.Begin(new PowerBudgets { ClusterWatts = 1000 });
        DevicePower[] devices = [Profiles.Reading("a", 300)];
        Add(devices);
        var cluster = Join("gone").Levels[0];
        cluster.Reserve(600);
        double[] wanted = [700];
        _levels.Fit(devices, wanted);
        Assert.Equal([400], wanted);
        cluster.Reserve(900);
        _levels.Fit(devices, wanted);
        Assert.Equal([200], wanted);
    }

    [Fact]
    public void Of_a_level_that_nothing_else_helps_the_device_that_draws_most_is_drained_and_never_the_last()
    {
        DevicePower[] devices = [Profiles.Reading("a", 500), Profiles.Reading("b", 600), Profiles.Reading("c", 300, node: "m", draining: true)];
        var options = new GovernorOptions();
        for (var look = 0; look < 4; look++)
        {
            _step.Clear();
            _levels.Begin(new PowerBudgets { NodeWatts = Of("n", 500) });
            Add(devices);
            _levels.Judge(look * 2 * options.PatienceSeconds, 0.25, devices, options, _step);
            Assert.Equal(look switch { 0 => PowerAction.LowerCaps, 1 => PowerAction.DeferBatch, _ => PowerAction.Drain }, Assert.Single(_step.Levels).Action);
            Assert.Equal(look >= 1, _step.DeferBatch);
            Assert.Equal(look >= 2 ? ["b"] : [], _step.Drain);

            // Once it is drained, the other one is the last that works.
            devices[1] = devices[1] with { Draining = look >= 2 };
        }
    }

    private static Dictionary<string, double> Of(string name, double watts) => new() { [name] = watts };

    private static IEnumerable<(PowerLevelKind, string, double)> Levels(GovernedDevice device) => device.Levels.Select(static l => (l.Kind, l.Name, l.Budget));

    private GovernedDevice Join(string key, double watts = 0, double cap = 0)
    {
        var device = new GovernedDevice(key);
        device.Read(Profiles.Reading(key, watts), new CapStamp(1, 1));
        _levels.Assign(device);
        if (cap > 0)
        {
            device.Levels.ForEach(level => level.Add(0, Profiles.Reading(key, watts, cap), watts, cap));
        }

        return device;
    }

    private void Add(DevicePower[] devices)
    {
        for (var i = 0; i < devices.Length; i++)
        {
            var device = new GovernedDevice(devices[i].Key);
            device.Read(devices[i], new CapStamp(1, 1));
            _levels.Assign(device);
            foreach (var level in device.Levels)
            {
                level.Add(i, devices[i], devices[i].Watts, devices[i].CapWatts);
            }
        }
    }
}
