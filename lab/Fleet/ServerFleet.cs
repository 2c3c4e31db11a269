using Crescent.Control.Placement;
using Crescent.Control.Planning;
using Crescent.Lab.Servers;

namespace Crescent.Lab.Fleet;

/// <summary>The servers of a fleet, the last of which sleep while they are not needed. A server that is to sleep ends what it has first.</summary>
internal sealed class ServerFleet
{
    private readonly ServerOptions _options;
    private readonly FleetSpec _spec;
    private readonly PowerMeter _meter;
    private readonly int _devicesPerServer;
    private readonly ServerState[] _states;
    private readonly double[] _since;
    private readonly double[] _wakeSeconds;
    private readonly double _offAfter;
    private double _lookAt;

    /// <param name="options">How they sleep.</param>
    /// <param name="spec">The fleet.</param>
    /// <param name="meter">Told which devices sleep.</param>
    /// <param name="from">When the run begins, s.</param>
    public ServerFleet(ServerOptions options, FleetSpec spec, PowerMeter meter, double from)
    {
        (_options, _spec, _meter) = (options, spec, meter);
        _devicesPerServer = Math.Max(1, FleetSpec.NodeGpus / spec.Devices.TensorParallel);
        _states = new ServerState[(spec.Devices.Count + _devicesPerServer - 1) / _devicesPerServer];
        _since = [.. Enumerable.Repeat(from, _states.Length)];
        _wakeSeconds = new double[_states.Length];
        _offAfter = BreakEvenSeconds(options, spec);
        for (var server = options.Count.First(_states.Length); server < _states.Length; server++)
        {
            Turn(server, ServerState.Asleep, from);
        }
    }

    /// <summary>
    /// For how long a server must not be needed until sleep is worth its waking, s: what waking takes, at the watts that it then draws for nothing, over the watts that sleep saves
    /// beside being parked. Whoever waits for so long before he acts never pays more than twice what he would knowing when he is needed again.
    /// </summary>
    public static double BreakEvenSeconds(ServerOptions options, FleetSpec spec)
    {
        var gpus = FleetSpec.NodeFactor * FleetSpec.NodeGpus;
        var parked = FleetSpec.NodeWatts + (gpus * spec.Devices.Gpu.BareWatts);
        var waking = FleetSpec.NodeWatts + (gpus * spec.Devices.Gpu.IdleWatts);
        return options.WakeSeconds * waking / Math.Max(1, parked - options.SleepWatts);
    }

    /// <summary>Time that servers were awake, woken ones from the beginning, in server seconds.</summary>
    public double AwakeSeconds { get; private set; }

    /// <summary>Time that they slept, in server seconds.</summary>
    public double AsleepSeconds { get; private set; }

    /// <summary>Times that one was woken.</summary>
    public int Wakes { get; private set; }

    /// <summary>Whether a device takes no calls.</summary>
    public bool IsDraining(int device) => _states[device / _devicesPerServer] != ServerState.Awake;

    /// <summary>Whether a device's server sleeps or is parked.</summary>
    public bool IsAsleep(int device) => _states[device / _devicesPerServer] is ServerState.Asleep or ServerState.Parked;

    /// <summary>Looks at the reports that have just come.</summary>
    public void Look(FactoryView view)
    {
        for (var server = 0; server < _states.Length; server++)
        {
            if (_states[server] == ServerState.Waking && (view.Now - _since[server]) * _options.Squeeze >= _wakeSeconds[server])
            {
                Turn(server, ServerState.Awake, view.Now);
            }
            else if (_states[server] == ServerState.Leaving && Devices(view, server).All(static d => d.Sequences == 0 && d.Reserved == 0))
            {
                Turn(server, _options.Parks ? ServerState.Parked : ServerState.Asleep, view.Now);
            }
            else if (_states[server] == ServerState.Parked && (view.Now - _since[server]) * _options.Squeeze >= _offAfter)
            {
                Turn(server, ServerState.Asleep, view.Now);
            }
        }

        if (view.Now >= _lookAt)
        {
            _lookAt = view.Now + (_options.LookSeconds / _options.Squeeze);
            Follow(_options.Count.Wanted(View(view)), view.Now);
        }
    }

    /// <summary>Counts what has not been counted, up to <paramref name="end"/>.</summary>
    public void Close(double end)
    {
        for (var server = 0; server < _states.Length; server++)
        {
            Turn(server, _states[server], end);
        }
    }

    private void Follow(int wanted, double now)
    {
        // First those that leave stay, then those that sleep are woken; the last ones leave.
        for (var server = 0; server < _states.Length; server++)
        {
            if (server < wanted && _states[server] is ServerState.Leaving or ServerState.Parked or ServerState.Asleep)
            {
                Wakes += _states[server] == ServerState.Asleep ? 1 : 0;
                _wakeSeconds[server] = _states[server] == ServerState.Asleep ? _options.WakeSeconds : _options.OpenSeconds;
                Turn(server, _states[server] == ServerState.Leaving ? ServerState.Awake : ServerState.Waking, now);
            }
            else if (server >= wanted && _states[server] is ServerState.Awake or ServerState.Waking)
            {
                Turn(server, ServerState.Leaving, now);
            }
        }
    }

    private void Turn(int server, ServerState state, double now)
    {
        var (was, seconds) = (_states[server], now - _since[server]);
        AwakeSeconds += was == ServerState.Asleep ? 0 : seconds;
        AsleepSeconds += was == ServerState.Asleep ? seconds : 0;
        for (var device = server * _devicesPerServer; device < Math.Min((server + 1) * _devicesPerServer, _spec.Devices.Count); device++)
        {
            if (was != ServerState.Asleep && state == ServerState.Asleep)
            {
                _meter.Sleep(device, now);
            }
            else if (was != ServerState.Parked && state == ServerState.Parked)
            {
                _meter.Park(device, now);
            }
            else if (was is ServerState.Asleep or ServerState.Parked && state is not (ServerState.Asleep or ServerState.Parked))
            {
                _meter.Wake(device, now);
            }
        }

        (_states[server], _since[server]) = (state, now);
    }

    private PlannerView View(FactoryView view)
    {
        var load = default(FleetLoad);
        foreach (ref readonly var device in view.Devices)
        {
            load = load.With(
                new FleetLoad(device.Sequences, device.Load.Context, Math.Max(device.PromptShare, device.BurstShare)), static (sum, x) => sum + x);
        }

        var first = view.Devices[0];
        return new PlannerView
        {
            Now = view.Now * _options.Squeeze,
            DayTime = view.Now * _options.Squeeze,
            Load = load,
            Shape = new ReplicaShape(first.Profile, _devicesPerServer, first.Load.Room) { HostWatts = FleetSpec.NodeWatts, HostFactor = FleetSpec.NodeFactor },
            Replicas = _states.Count(static s => s is ServerState.Awake or ServerState.Waking),
            Ready = _states.Count(static s => s is ServerState.Awake),
            BudgetWatts = double.PositiveInfinity,
        };
    }

    private DeviceState[] Devices(FactoryView view, int server) =>
        view.Devices.Slice(server * _devicesPerServer, Math.Min(_devicesPerServer, view.Devices.Length - (server * _devicesPerServer))).ToArray();
}
