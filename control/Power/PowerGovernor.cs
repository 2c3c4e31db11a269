namespace Crescent.Control.Power;

/// <summary>
/// Keeps a factory within its budgets while a controller moves caps about. Watts are given like money: a cap is lowered at once, but what it
/// frees is given to another device only when the reading of the first confirms the lower cap. So at every level, at every moment, the
/// caps that can be in force sum up to no more than the budget, whichever order is lost, late or repeated.
/// </summary>
/// <remarks>
/// It remembers what it has ordered, by device, and what it has seen confirmed. One that has lost its memory goes on from the caps
/// that the devices report: a cap that was ordered and not confirmed can then be in force unseen for as long as an order is on its way, so
/// its first raise waits for <see cref="GovernorOptions.StaleSeconds"/>. The price of a level rises by dual ascent while it draws more than
/// its target, and falls while it draws less: l := max(0, l + gain dt (P - target) / budget).
/// Not safe for use by several threads.
/// </remarks>
public sealed class PowerGovernor(IPowerController controller, GovernorOptions? options = null)
{
    private readonly GovernorOptions _options = options ?? new GovernorOptions();
    private readonly Dictionary<string, double> _ordered = new(StringComparer.Ordinal);
    private readonly Dictionary<(PowerLevelKind, string), Level> _levels = [];
    private readonly GovernorStep _step = new();
    private double[] _wanted = [];
    private double _startedAt = double.NaN;
    private double _lastAt = double.NaN;

    /// <summary>Who divides the watts.</summary>
    public IPowerController Controller => controller;

    /// <summary>Looks at the factory and says what is to be done.</summary>
    /// <param name="now">Seconds of a clock that never goes back.</param>
    /// <param name="devices">The newest reading of every device that lives.</param>
    /// <param name="budgets">What may be drawn.</param>
    public GovernorStep Step(double now, ReadOnlySpan<DevicePower> devices, PowerBudgets budgets)
    {
        _step.Clear();
        _startedAt = double.IsNaN(_startedAt) ? now : _startedAt;
        var elapsed = double.IsNaN(_lastAt) ? 0 : now - _lastAt;
        _lastAt = now;
        Array.Resize(ref _wanted, Math.Max(_wanted.Length, devices.Length));
        var wanted = _wanted.AsSpan(0, devices.Length);
        controller.Plan(devices, budgets, wanted);
        Gather(devices, budgets);
        FitToBudgets(devices, wanted);
        Lower(devices, wanted);
        if (now - _startedAt >= _options.StaleSeconds)
        {
            Raise(devices, wanted);
        }

        Price(now, elapsed);
        Remedy(now, devices);
        return _step;
    }

    /// <summary>The most that a device can have in force: what it reports, or what was ordered and may have reached it since.</summary>
    private double Exposure(in DevicePower device) =>
        _ordered.TryGetValue(device.Key, out var ordered) ? Math.Max(ordered, device.CapWatts) : device.CapWatts;

    private void Gather(ReadOnlySpan<DevicePower> devices, PowerBudgets budgets)
    {
        foreach (var level in _levels.Values)
        {
            level.Begin();
        }

        foreach (ref readonly var device in devices)
        {
            var watts = device.AgeSeconds > _options.StaleSeconds ? Math.Max(device.Watts, device.CapWatts) : device.Watts;
            var exposure = Exposure(device);
            if (budgets.ClusterWatts is { } cluster)
            {
                Add(PowerLevelKind.Cluster, "", cluster, device, watts, exposure);
            }

            if (device.Rack is not null && budgets.RackWatts.TryGetValue(device.Rack, out var rack))
            {
                Add(PowerLevelKind.Rack, device.Rack, rack, device, watts, exposure);
            }

            if (device.Node is not null && budgets.NodeWatts.TryGetValue(device.Node, out var node))
            {
                Add(PowerLevelKind.Node, device.Node, node, device, watts, exposure);
            }

            if (budgets.DeviceWatts.TryGetValue(device.Key, out var own))
            {
                Add(PowerLevelKind.Device, device.Key, own, device, watts, exposure);
            }
        }

        foreach (var (key, level) in _levels)
        {
            if (level.Devices == 0)
            {
                _levels.Remove(key);
            }
        }
    }

    private void Add(PowerLevelKind kind, string name, double budget, in DevicePower device, double watts, double exposure)
    {
        if (!_levels.TryGetValue((kind, name), out var level))
        {
            _levels.Add((kind, name), level = new Level(kind, name));
        }

        level.Budget = budget;
        level.Watts += watts;
        level.Exposure += exposure;
        level.Least += device.Profile.MinCapWatts;
        level.Devices++;
    }

    /// <summary>Makes what is wanted fit every level: above their lowest caps, all devices of a level give up the same share.</summary>
    private void FitToBudgets(ReadOnlySpan<DevicePower> devices, Span<double> wanted)
    {
        for (var i = 0; i < devices.Length; i++)
        {
            wanted[i] = Math.Clamp(wanted[i], devices[i].Profile.MinCapWatts, devices[i].Profile.MaxCapWatts);
        }

        // From the smallest level up: what a device gives up for its node counts for the rack.
        for (var kind = PowerLevelKind.Device; kind >= PowerLevelKind.Cluster; kind--)
        {
            foreach (var level in _levels.Values)
            {
                if (level.Kind == kind)
                {
                    Fit(level, devices, wanted);
                }
            }
        }
    }

    private static void Fit(Level level, ReadOnlySpan<DevicePower> devices, Span<double> wanted)
    {
        double sum = 0, least = 0;
        for (var i = 0; i < devices.Length; i++)
        {
            if (level.Holds(devices[i]))
            {
                sum += wanted[i];
                least += devices[i].Profile.MinCapWatts;
            }
        }

        if (sum <= level.Budget || sum <= least)
        {
            return;
        }

        var share = Math.Max(0, level.Budget - least) / (sum - least);
        for (var i = 0; i < devices.Length; i++)
        {
            if (level.Holds(devices[i]))
            {
                wanted[i] = devices[i].Profile.MinCapWatts + ((wanted[i] - devices[i].Profile.MinCapWatts) * share);
            }
        }
    }

    private void Lower(ReadOnlySpan<DevicePower> devices, ReadOnlySpan<double> wanted)
    {
        for (var i = 0; i < devices.Length; i++)
        {
            var over = OverExposed(devices[i]);
            if (wanted[i] < Exposure(devices[i]) * (over ? 1 : 1 - _options.DeadBand))
            {
                Order(devices[i], wanted[i]);
            }
        }
    }

    private bool OverExposed(in DevicePower device)
    {
        foreach (var level in _levels.Values)
        {
            if (level.Exposure > level.Budget && level.Holds(device))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Gives what is confirmed to be free, in the order of what is missing most.</summary>
    private void Raise(ReadOnlySpan<DevicePower> devices, ReadOnlySpan<double> wanted)
    {
        for (var i = 0; i < devices.Length; i++)
        {
            ref readonly var device = ref devices[i];
            var exposure = Exposure(device);
            if (wanted[i] <= exposure * (1 + _options.DeadBand))
            {
                // An order that was given and is not in force yet may be lost.
                if (wanted[i] >= exposure * (1 - _options.DeadBand) && device.CapWatts < exposure * (1 - _options.DeadBand))
                {
                    Order(device, exposure);
                }

                continue;
            }

            var room = wanted[i] - exposure;
            foreach (var level in _levels.Values)
            {
                if (level.Holds(device))
                {
                    room = Math.Min(room, level.Budget - level.Exposure);
                }
            }

            if (room > exposure * _options.DeadBand)
            {
                Order(device, exposure + room);
                foreach (var level in _levels.Values)
                {
                    if (level.Holds(device))
                    {
                        level.Exposure += room;
                    }
                }
            }
        }
    }

    private void Order(in DevicePower device, double watts)
    {
        _ordered[device.Key] = watts;
        _step.Orders.Add(new CapOrder(device.Key, watts));
    }

    private void Price(double now, double elapsed)
    {
        foreach (var level in _levels.Values)
        {
            var excess = (level.Watts - (_options.TargetShare * level.Budget)) / level.Budget;
            level.Price = Math.Max(0, level.Price + (_options.PriceGain * elapsed * excess));
            level.OverSince = level.Watts > level.Budget * (1 + _options.Tolerance) ? Math.Min(level.OverSince, now) : double.PositiveInfinity;
            _step.Levels.Add(new LevelPower(level.Kind, level.Name, level.Budget, level.Watts, level.Exposure, level.Price));
        }
    }

    /// <summary>For each level over its budget: lower caps, then defer the batch class, then drain, one step for each span of patience.</summary>
    private void Remedy(double now, ReadOnlySpan<DevicePower> devices)
    {
        foreach (var level in _levels.Values)
        {
            var over = now - level.OverSince;
            var action = double.IsInfinity(level.OverSince) ? PowerAction.None
                : over < _options.PatienceSeconds ? PowerAction.LowerCaps
                : over < 2 * _options.PatienceSeconds ? PowerAction.DeferBatch
                : PowerAction.Drain;
            if (action != level.Action)
            {
                _step.Events.Add(new PowerEvent(now, action, level.Kind, level.Name, level.Watts, level.Budget));
                level.Action = action;
            }

            _step.DeferBatch |= action >= PowerAction.DeferBatch;
            if (action == PowerAction.Drain && Hungriest(level, devices) is { } device)
            {
                _step.Drain.Add(device);
            }
        }
    }

    private static string? Hungriest(Level level, ReadOnlySpan<DevicePower> devices)
    {
        var most = -1;
        for (var i = 0; i < devices.Length; i++)
        {
            if (level.Holds(devices[i]))
            {
                if (devices[i].Draining)
                {
                    return devices[i].Key;
                }

                most = most < 0 || devices[i].Watts > devices[most].Watts ? i : most;
            }
        }

        return most < 0 ? null : devices[most].Key;
    }

    private sealed class Level(PowerLevelKind kind, string name)
    {
        public PowerLevelKind Kind => kind;

        public string Name => name;

        public double Budget { get; set; }

        public double Watts { get; set; }

        public double Exposure { get; set; }

        public double Least { get; set; }

        public int Devices { get; set; }

        public double Price { get; set; }

        public double OverSince { get; set; } = double.PositiveInfinity;

        public PowerAction Action { get; set; }

        public bool Holds(in DevicePower device) => kind switch
        {
            PowerLevelKind.Cluster => true,
            PowerLevelKind.Rack => device.Rack == name,
            PowerLevelKind.Node => device.Node == name,
            _ => device.Key == name,
        };

        public void Begin() => (Watts, Exposure, Least, Devices) = (0, 0, 0, 0);
    }
}
