namespace Crescent.Control.Power;

/// <summary>
/// The levels of a factory that have a budget: which device belongs to which, how much of what is wanted fits all of them, and what is done about
/// those that draw too much. A level lives for as long as it has a budget.
/// </summary>
internal sealed class GovernedLevels
{
    private readonly Dictionary<(PowerLevelKind, string), GovernedLevel> _levels = [];
    private PowerBudgets _budgets = PowerBudgets.None;

    /// <summary>A new look: no level has a device yet.</summary>
    public void Begin(PowerBudgets budgets)
    {
        _budgets = budgets;
        foreach (var (key, level) in _levels)
        {
            if (BudgetOf(key.Item1, key.Item2) is { } budget)
            {
                level.Begin(budget);
            }
            else
            {
                _levels.Remove(key);
            }
        }
    }

    /// <summary>Finds the levels of <paramref name="device"/>, from the largest.</summary>
    public void Assign(GovernedDevice device)
    {
        device.Levels.Clear();
        Join(device, PowerLevelKind.Cluster, "");
        Join(device, PowerLevelKind.Rack, device.Rack);
        Join(device, PowerLevelKind.Node, device.Node);
        Join(device, PowerLevelKind.Device, device.Key);
    }

    /// <summary>Makes what is wanted fit every level: above their lowest caps, all devices of a level give up the same share.</summary>
    public void Fit(ReadOnlySpan<DevicePower> devices, Span<double> wanted)
    {
        // From the smallest level up: what a device gives up for its node counts for the rack.
        for (var kind = PowerLevelKind.Device; kind >= PowerLevelKind.Cluster; kind--)
        {
            foreach (var level in _levels.Values)
            {
                if (level.Kind == kind)
                {
                    FitTo(level, devices, wanted);
                }
            }
        }
    }

    /// <summary>Prices, and for each level over its budget one remedy after the other: lower caps, defer the batch class, drain.</summary>
    public void Judge(double now, double elapsed, ReadOnlySpan<DevicePower> devices, GovernorOptions options, GovernorStep step)
    {
        foreach (var level in _levels.Values)
        {
            level.Reprice(options, elapsed);
            if (level.Judge(now, options))
            {
                Drain(level, devices);
                step.Events.Add(new PowerEvent(now, level.Action, level.Kind, level.Name, level.Watts, level.Budget));
            }

            step.DeferBatch |= level.Action >= PowerAction.DeferBatch;
            step.Drain.AddRange(level.Drained);
            step.Levels.Add(new LevelPower(level.Kind, level.Name, level.Budget, level.Watts, level.Confirmed, level.Price)
            {
                ExposedWatts = level.Exposure,
                LeastWatts = level.Least,
                Action = level.Action,
            });
        }
    }

    private void Join(GovernedDevice device, PowerLevelKind kind, string name)
    {
        if (BudgetOf(kind, name) is not { } budget)
        {
            return;
        }

        if (!_levels.TryGetValue((kind, name), out var level))
        {
            _levels.Add((kind, name), level = new GovernedLevel(kind, name));
            level.Begin(budget);
        }

        device.Levels.Add(level);
    }

    private double? BudgetOf(PowerLevelKind kind, string name) => kind switch
    {
        PowerLevelKind.Cluster => _budgets.ClusterWatts,
        PowerLevelKind.Rack => Of(_budgets.RackWatts, name),
        PowerLevelKind.Node => Of(_budgets.NodeWatts, name),
        _ => Of(_budgets.DeviceWatts, name),
    };

    private static double? Of(IReadOnlyDictionary<string, double> budgets, string name) =>
        budgets.TryGetValue(name, out var watts) ? watts : null;

    private static void FitTo(GovernedLevel level, ReadOnlySpan<DevicePower> devices, Span<double> wanted)
    {
        var sum = 0.0;
        foreach (var i in level.Members)
        {
            sum += wanted[i];
        }

        var budget = level.Budget - level.Reserved;
        if (sum <= budget || sum <= level.Least)
        {
            return;
        }

        var share = Math.Max(0, budget - level.Least) / (sum - level.Least);
        foreach (var i in level.Members)
        {
            var least = devices[i].Profile.MinCapWatts;
            wanted[i] = least + ((wanted[i] - least) * share);
        }
    }

    /// <summary>One more device to drain: that which draws most and still takes work, unless it is the last of the factory that does.</summary>
    private static void Drain(GovernedLevel level, ReadOnlySpan<DevicePower> devices)
    {
        if (level.Action != PowerAction.Drain)
        {
            level.Drained.Clear();
            return;
        }

        var working = 0;
        foreach (ref readonly var device in devices)
        {
            working += device.Draining ? 0 : 1;
        }

        var most = -1;
        foreach (var i in level.Members)
        {
            if (!devices[i].Draining && !level.Drained.Contains(devices[i].Key) && (most < 0 || devices[i].Watts > devices[most].Watts))
            {
                most = i;
            }
        }

        if (most >= 0 && working > 1)
        {
            level.Drained.Add(devices[most].Key);
        }
    }
}
