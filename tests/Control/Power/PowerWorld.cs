using Crescent.Control.Power;

namespace Crescent.Tests.Control.Power;

/// <summary>
/// Devices in two nodes and two racks, a governor, and a network between them that delays, loses, doubles and overtakes orders and delays and loses
/// readings. What is true is known here and to nobody in it.
/// </summary>
internal sealed class PowerWorld
{
    private const double Lease = 10;

    private readonly ModelDevice[] _devices = [.. Enumerable.Range(0, 5).Select(static i => new ModelDevice(i))];
    private readonly List<CapOrder> _flying = [];
    private readonly Dictionary<(PowerLevelKind, string), List<CapOrder>?> _owed = [];
    private readonly Dictionary<(PowerLevelKind, string), double> _lowered = [];
    private readonly Random _random;
    private readonly WildCaps _controller;
    private readonly GovernorOptions _options = new() { LeaseSeconds = Lease, AbsentSeconds = 1e9 };
    private PowerGovernor _governor;
    private PowerBudgets _budgets = new() { ClusterWatts = 2000 };
    private double _now;

    public PowerWorld(int seed)
    {
        _random = new Random(seed);
        _controller = new WildCaps(_random);
        _governor = new PowerGovernor(_controller, _options, _random);
    }

    /// <summary>Orders that a device has taken; a world in which nothing happens proves nothing.</summary>
    public int Taken { get; private set; }

    /// <summary>Times that a level was looked at when its budget had to hold.</summary>
    public int Held { get; private set; }

    /// <summary>One thing happens: <paramref name="kind"/> says what (0 to 99), <paramref name="pick"/> to whom.</summary>
    public void Do(int kind, int pick)
    {
        var device = _devices[pick % _devices.Length];
        switch (kind)
        {
            case < 30:
                Look();
                break;
            case < 50:
                device.Report();
                break;
            case < 56:
                foreach (var each in _devices)
                {
                    each.Report();
                }

                break;
            case < 80 when _flying.Count > 0:
                Arrive(pick % _flying.Count, keep: kind < 60);
                break;
            case < 83 when _flying.Count > 0:
                _flying.RemoveAt(pick % _flying.Count);
                break;
            case < 85:
                device.Restart();
                break;
            case < 87:
                Cut(device);
                break;
            case < 91:
                Budget(pick);
                break;
            case < 93:
                Replace();
                break;
            default:
                Pass(0.1 * (pick % 60));
                break;
        }
    }

    /// <summary>Throws where the caps in force sum up to more than a budget that has to hold.</summary>
    public void Check()
    {
        foreach (var level in Levels(_budgets))
        {
            var members = _devices.Where(d => d.IsIn(level.Kind, level.Name)).ToArray();
            if (_owed.TryGetValue((level.Kind, level.Name), out var owed))
            {
                if (owed is null || owed.Exists(Owes))
                {
                    continue;
                }

                _owed.Remove((level.Kind, level.Name));
            }

            Held++;
            var sum = members.Sum(static d => d.Keeper.State.Watts);

            // Nobody can lower a device that is cut off before its lease is over.
            var least = members.Sum(static d => d.IsCut ? d.Keeper.State.Watts : d.Keeper.MinWatts);
            Assert.True(
                sum <= Math.Max(level.Watts, least) + 1e-6, $"{level.Kind} {level.Name} has caps of {sum} W in force; its budget is {level.Watts} W.");
        }
    }

    private bool Owes(CapOrder order)
    {
        var state = _devices.First(d => d.Key == order.Device).Keeper.State;

        // One that has taken an order of a higher term refuses all of this governor, until that reads of it and takes a higher one yet.
        return state.Incarnation == order.Incarnation && (state.Stamp < order.Stamp || state.Stamp.Term > order.Stamp.Term);
    }

    private void Look()
    {
        Pass(0.25);

        // The silo of the governor, whichever it is, knows who has left.
        foreach (var device in _devices.Where(static d => d.IsCut))
        {
            _governor.Remember(device.CutAt, device.Read());
        }

        var readings = _devices.Where(static d => !d.IsCut).Select(static d => d.Read()).ToArray();
        var term = _governor.Term;
        var orders = _governor.Step(_now, readings, _budgets).Orders;
        _flying.AddRange(orders);

        // A budget that was lowered holds once the orders that followed have arrived, or later ones.
        foreach (var level in _owed.Where(o => o.Value is null || _governor.Term != term).Select(static o => o.Key).ToArray())
        {
            _owed[level] = [.. orders];
        }
    }

    private void Arrive(int at, bool keep)
    {
        var order = _flying[at];
        if (!keep)
        {
            _flying.RemoveAt(at);
        }

        var device = _devices.First(d => d.Key == order.Device);
        if (!device.IsCut)
        {
            var before = device.Keeper.State.Stamp;
            Taken += device.Keeper.Take(order).Stamp > before ? 1 : 0;
        }
    }

    /// <summary>Cuts a device off, or lets it return.</summary>
    private void Cut(ModelDevice device)
    {
        if (!device.IsCut)
        {
            device.CutAt = _now;
            foreach (var level in _owed.Keys)
            {
                _lowered[level] = _now;
            }

            return;
        }

        // What was lowered while it was away has still to be lowered for it.
        foreach (var (level, _) in _lowered.Where(l => l.Value >= device.CutAt && device.IsIn(l.Key.Item1, l.Key.Item2)))
        {
            _owed[level] = null;
        }

        device.CutAt = double.PositiveInfinity;
        device.Report();
    }

    private void Budget(int pick)
    {
        var before = Levels(_budgets).ToDictionary(static l => (l.Kind, l.Name), static l => l.Watts);
        var share = 0.3 + (pick % 70 / 100.0);
        _budgets = (pick % 4) switch
        {
            0 => _budgets with { ClusterWatts = 3500 * share },
            1 => _budgets with { RackWatts = new Dictionary<string, double> { ["r0"] = 2100 * share } },
            2 => _budgets with { NodeWatts = new Dictionary<string, double> { ["n0"] = 1400 * share, ["n1"] = 1400 * share } },
            _ => _budgets with { DeviceWatts = new Dictionary<string, double> { ["s/1"] = 700 * share } },
        };
        foreach (var level in Levels(_budgets))
        {
            if (level.Watts < before.GetValueOrDefault((level.Kind, level.Name), double.PositiveInfinity))
            {
                _owed[(level.Kind, level.Name)] = null;
                _lowered[(level.Kind, level.Name)] = _now;
            }
        }
    }

    /// <summary>The governor dies and another one starts.</summary>
    private void Replace()
    {
        _governor = new PowerGovernor(_controller, _options, _random);
        foreach (var level in _owed.Keys.ToArray())
        {
            _owed[level] = null;
        }
    }

    private void Pass(double seconds)
    {
        _now += seconds;
        foreach (var device in _devices.Where(d => _now - d.CutAt >= Lease))
        {
            device.Keeper.FallBack();
        }
    }

    private static IEnumerable<(PowerLevelKind Kind, string Name, double Watts)> Levels(PowerBudgets budgets) =>
    [
        (PowerLevelKind.Cluster, "", budgets.ClusterWatts!.Value),
        .. budgets.RackWatts.Select(static b => (PowerLevelKind.Rack, b.Key, b.Value)),
        .. budgets.NodeWatts.Select(static b => (PowerLevelKind.Node, b.Key, b.Value)),
        .. budgets.DeviceWatts.Select(static b => (PowerLevelKind.Device, b.Key, b.Value)),
    ];

    private sealed class ModelDevice(int index)
    {
        private DevicePower _newest = Of(index, new CapKeeper(new FakeCap(200, 700), 1).State);
        private long _incarnation = 1;

        public string Key { get; } = $"s/{index}";

        public CapKeeper Keeper { get; private set; } = new(new FakeCap(200, 700), 1);

        public double CutAt { get; set; } = double.PositiveInfinity;

        public bool IsCut => CutAt < double.PositiveInfinity;

        public void Report() => _newest = Of(index, Keeper.State);

        public DevicePower Read() => _newest;

        public void Restart() => Keeper = new CapKeeper(new FakeCap(200, 700), _incarnation += 1000);

        public bool IsIn(PowerLevelKind kind, string name) => kind switch
        {
            PowerLevelKind.Rack => _newest.Rack == name,
            PowerLevelKind.Node => _newest.Node == name,
            PowerLevelKind.Device => Key == name,
            _ => true,
        };

        private static DevicePower Of(int index, CapState state) => new()
        {
            Key = $"s/{index}",
            Node = $"n{index / 2}",
            Rack = $"r{index / 3}",
            Profile = Profiles.Of(),
            Watts = state.Watts,
            CapWatts = state.Watts,
            Stamp = state.Stamp,
            Incarnation = state.Incarnation,
        };
    }

    /// <summary>Wants something else at every look.</summary>
    private sealed class WildCaps(Random random) : IPowerController
    {
        public string Name => "wild";

        public void Plan(ReadOnlySpan<DevicePower> devices, PowerBudgets budgets, Span<double> caps)
        {
            for (var i = 0; i < caps.Length; i++)
            {
                caps[i] = random.NextDouble() < 0.3 ? 200 : 200 + (random.NextDouble() * 600);
            }
        }
    }
}
