namespace Crescent.Control.Power;

/// <summary>
/// Keeps a factory within its budgets while a controller moves caps about. Watts are given like money: a cap is lowered at once, but what it
/// frees is given to another device only when the first confirms the lower cap. So at every level, at every moment, the caps that are in force
/// sum up to no more than the budget, whichever order is late, lost or doubled, however old the readings are, and whatever governors were before.
/// </summary>
/// <remarks>
/// What is not promised: a budget that was lowered holds once a reading and the order that follows it have arrived; a device that joins adds its
/// lowest cap at once, unless it comes back within <see cref="GovernorOptions.AbsentSeconds"/>; and no cap is lower than a device's lowest.
/// <para>
/// Each governor has a term, above all that it has seen; devices refuse orders of a lower one. Until a device has taken an order of the term, one of
/// an earlier governor could still arrive, so it counts with its highest cap, and gets only orders that cannot raise its cap. A governor that
/// sees a higher term takes a new one and begins anew, knowing nothing.
/// </para>
/// <para>
/// A device that no reading tells of has left or is cut off, and may run on in the second case. It counts with all it had until it must have
/// fallen back to its lowest cap for want of a governor (<see cref="GovernorOptions.LeaseSeconds"/>), and with that until it is forgotten.
/// </para>
/// Not safe for use by several threads.
/// </remarks>
/// <param name="controller">Who divides the watts.</param>
/// <param name="options">How it works.</param>
/// <param name="random">Tells terms of governors apart that began with the same knowledge.</param>
public sealed class PowerGovernor(IPowerController controller, GovernorOptions? options = null, Random? random = null)
{
    /// <summary>Bits of a term that are drawn by chance; those above count.</summary>
    private const int RandomBits = 40;

    /// <summary>What a device that left may still draw beyond its lease, for a governor's word that was on its way, s.</summary>
    private const double LeaseMargin = 2;

    private readonly GovernorOptions _options = options ?? new GovernorOptions();
    private readonly Random _random = random ?? Random.Shared;
    private readonly Dictionary<string, GovernedDevice> _devices = new(StringComparer.Ordinal);
    private readonly GovernedLevels _levels = new();
    private readonly GovernorStep _step = new();
    private GovernedDevice[] _governed = [];
    private double[] _wanted = [];
    private double[] _missing = [];
    private int[] _order = [];
    private double _startedAt;
    private double _lastAt = double.NaN;
    private long _term;
    private long _number;
    private long _numberBefore;
    private long _look;

    /// <summary>Who divides the watts.</summary>
    public IPowerController Controller => controller;

    /// <summary>Its term; 0 before the first look.</summary>
    public long Term => _term;

    /// <summary>Tells of a device that has left, which may run on and come back; to be told before each look, as a governor that starts knows of none.</summary>
    /// <param name="goneSince">When it left, in seconds of the governor's clock; may be before its first look.</param>
    /// <param name="last">Its last reading.</param>
    public void Remember(double goneSince, in DevicePower last)
    {
        if (!_devices.ContainsKey(last.Key))
        {
            var device = new GovernedDevice(last.Key);
            device.Read(last, default);
            device.Forget();
            device.GoneSince = goneSince;
            _devices.Add(last.Key, device);
        }
    }

    /// <summary>Looks at the factory and says what is to be done.</summary>
    /// <param name="now">Seconds of a clock that never goes back.</param>
    /// <param name="devices">The newest reading of every device that has not left.</param>
    /// <param name="budgets">What may be drawn.</param>
    public GovernorStep Step(double now, ReadOnlySpan<DevicePower> devices, PowerBudgets budgets)
    {
        _step.Clear();
        _look++;
        var elapsed = double.IsNaN(_lastAt) ? 0 : now - _lastAt;
        _lastAt = now;
        Fit(devices.Length);
        TakeTerm(now, devices);
        Read(now, devices);
        Sum(now, devices, budgets);
        _numberBefore = _number;
        var wanted = _wanted.AsSpan(0, devices.Length);
        controller.Plan(devices, budgets, wanted);
        for (var i = 0; i < devices.Length; i++)
        {
            wanted[i] = Math.Clamp(wanted[i], devices[i].Profile.MinCapWatts, devices[i].Profile.MaxCapWatts);
        }

        if (!controller.Oversubscribes)
        {
            _levels.Fit(devices, wanted);
        }

        Lower(wanted);
        Raise(wanted, mayRaise: now - _startedAt >= _options.StaleSeconds);
        _levels.Judge(now, elapsed, devices, _options, _step);
        return _step;
    }

    private void Fit(int count)
    {
        if (_governed.Length < count)
        {
            var size = Math.Max(count, 2 * _governed.Length);
            (_governed, _wanted, _missing, _order) = (new GovernedDevice[size], new double[size], new double[size], new int[size]);
        }
    }

    private void TakeTerm(double now, ReadOnlySpan<DevicePower> devices)
    {
        var highest = 0L;
        foreach (ref readonly var device in devices)
        {
            highest = Math.Max(highest, device.Stamp?.Term ?? 0);
        }

        if (_term != 0 && highest <= _term)
        {
            return;
        }

        _term = (((highest >> RandomBits) + 1) << RandomBits) | _random.NextInt64(1L << RandomBits);
        _number = 0;
        _startedAt = now;
        foreach (var device in _devices.Values)
        {
            device.Forget();
        }
    }

    private void Read(double now, ReadOnlySpan<DevicePower> devices)
    {
        var next = new CapStamp(_term, _number + 1);
        for (var i = 0; i < devices.Length; i++)
        {
            ref readonly var reading = ref devices[i];
            if (!_devices.TryGetValue(reading.Key, out var device))
            {
                _devices.Add(reading.Key, device = new GovernedDevice(reading.Key));
            }

            device.Read(reading, next);
            device.GoneSince = double.PositiveInfinity;
            device.Look = _look;
            _governed[i] = device;
        }

        foreach (var (key, device) in _devices)
        {
            if (device.Look != _look)
            {
                device.GoneSince = Math.Min(device.GoneSince, now);
                if (now - device.GoneSince > _options.AbsentSeconds)
                {
                    _devices.Remove(key);
                }
            }
        }
    }

    private void Sum(double now, ReadOnlySpan<DevicePower> devices, PowerBudgets budgets)
    {
        _levels.Begin(budgets);
        for (var i = 0; i < devices.Length; i++)
        {
            ref readonly var reading = ref devices[i];
            var device = _governed[i];
            _levels.Assign(device);
            var watts = reading.AgeSeconds > _options.StaleSeconds ? Math.Max(reading.Watts, device.Exposure) : reading.Watts;
            foreach (var level in device.Levels)
            {
                level.Add(i, reading, watts, device.Exposure);
            }
        }

        foreach (var device in _devices.Values)
        {
            if (device.Look != _look)
            {
                _levels.Assign(device);
                var fallen = now - device.GoneSince > _options.LeaseSeconds + LeaseMargin;
                foreach (var level in device.Levels)
                {
                    level.Reserve(fallen ? device.MinCapWatts : device.Exposure);
                }
            }
        }
    }

    private void Lower(ReadOnlySpan<double> wanted)
    {
        for (var i = 0; i < wanted.Length; i++)
        {
            var device = _governed[i];
            var watts = Whole(device, wanted[i]);
            if (!device.IsCapped)
            {
                continue;
            }

            if (!device.IsKnown && device.Levels.Count > 0)
            {
                if (device.Unconfirmed is not { } ceiling || watts < ceiling.Watts)
                {
                    Order(device, watts, isCeiling: true);
                }
            }
            else if (watts < device.Intended * (device.IsOver ? 1 : 1 - _options.DeadBand))
            {
                Order(device, watts);
            }
        }
    }

    /// <summary>Gives what is confirmed to be free, first to whom the greatest share is missing; and repeats what was not confirmed.</summary>
    private void Raise(ReadOnlySpan<double> wanted, bool mayRaise)
    {
        for (var i = 0; i < wanted.Length; i++)
        {
            _order[i] = i;
            _missing[i] = _governed[i].Exposure / wanted[i];
        }

        Array.Sort(_missing, _order, 0, wanted.Length);
        for (var n = 0; n < wanted.Length; n++)
        {
            var device = _governed[_order[n]];
            if (!device.IsCapped)
            {
                continue;
            }

            var target = Whole(device, Affordable(device, wanted[_order[n]], mayRaise));
            if (target > device.Intended * (1 + _options.DeadBand) && IsRaisable(device))
            {
                var more = Math.Max(0, target - device.Exposure);
                Order(device, target);
                device.Levels.ForEach(level => level.Exposure += more);
            }
            else if (device.Unconfirmed is { } order && order.Stamp.Number <= _numberBefore)
            {
                // It may be lost; the device takes it once.
                _step.Orders.Add(order);
            }
        }
    }

    // Orders of different looks can come in force together: where all that was ordered does not fit yet, none may be above an earlier one.
    private bool IsRaisable(GovernedDevice device) =>
        device.Levels.Count == 0 || (device.IsKnown && (controller.Oversubscribes || !device.IsOver));

    private double Affordable(GovernedDevice device, double wanted, bool mayRaise)
    {
        if (wanted <= device.Exposure || controller.Oversubscribes || device.Levels.Count == 0)
        {
            return wanted;
        }

        var room = mayRaise ? wanted - device.Exposure : 0;
        foreach (var level in device.Levels)
        {
            room = Math.Min(room, level.Room);
        }

        return device.Exposure + Math.Max(0, room);
    }

    private void Order(GovernedDevice device, double watts, bool isCeiling = false)
    {
        var order = new CapOrder(device.Key, watts) { Stamp = new CapStamp(_term, ++_number), Incarnation = device.Incarnation, IsCeiling = isCeiling };
        device.Order(order);
        _step.Orders.Add(order);
    }

    // Whole watts: what a driver takes, and orders that differ by less are one.
    private static double Whole(GovernedDevice device, double watts) => Math.Max(device.MinCapWatts, Math.Floor(watts + 1e-9));
}
