using Crescent.Engine.Devices.Simulated;

namespace Crescent.Lab.Fleet;

/// <summary>
/// What the GPUs of a fleet drew, by device and over time: the watts of each step for as long as it takes, and between steps first with clocks up,
/// then idle. The device's own statistics have no part in it, so that they can be judged by it.
/// </summary>
internal sealed class PowerMeter
{
    /// <summary>Length of a bin of <see cref="Bins"/>, s.</summary>
    public const double BinSeconds = 0.25;

    private readonly double _from;
    private readonly SimulatedDeviceSpec[] _kinds;
    private readonly int[] _racks;
    private readonly double[] _until;
    private readonly bool[] _sleeps;
    private readonly bool[] _isBare;
    private readonly bool[] _hasRun;
    private readonly List<double> _bins = [];
    private readonly List<double>[] _rackBins;

    /// <summary>A meter of the devices of <paramref name="spec"/>, from a moment on.</summary>
    public PowerMeter(FleetSpec spec, double from)
    {
        _from = from;
        _racks = [.. spec.Places.Select(static place => place.Rack)];
        _kinds = [.. _racks.Select(rack => spec.Racks[rack])];
        _until = [.. Enumerable.Repeat(from, _racks.Length)];
        _sleeps = new bool[_racks.Length];
        _isBare = new bool[_racks.Length];
        _hasRun = new bool[_racks.Length];
        _rackBins = [.. spec.Racks.Select(static _ => new List<double>())];
    }

    /// <summary>Joules of all devices.</summary>
    public double Joules { get; private set; }

    /// <summary>Of those, joules while nothing ran.</summary>
    public double IdleJoules { get; private set; }

    /// <summary>Time that devices ran steps, s of one device.</summary>
    public double BusySeconds { get; private set; }

    /// <summary>Of that, time of steps in which prompts were computed.</summary>
    public double PromptSeconds { get; private set; }

    /// <summary>Joules of the fleet in each bin.</summary>
    public IReadOnlyList<double> Bins => _bins;

    /// <summary>The same of a rack.</summary>
    public IReadOnlyList<double> RackBins(int rack) => _rackBins[rack];

    /// <summary>A step of a device.</summary>
    /// <param name="device">Which.</param>
    /// <param name="start">When it began, s.</param>
    /// <param name="seconds">How long it took.</param>
    /// <param name="watts">What it drew.</param>
    /// <param name="hasPrompts">Whether a prompt was computed in it.</param>
    public void Step(int device, double start, double seconds, double watts, bool hasPrompts = false)
    {
        BusySeconds += seconds;
        PromptSeconds += hasPrompts ? seconds : 0;
        Pause(device, start);
        Add(device, start, seconds, watts);
        _until[device] = start + seconds;
        _hasRun[device] = true;
    }

    /// <summary>A device is switched off with its server: it draws nothing of its own from now on.</summary>
    public void Sleep(int device, double at)
    {
        Pause(device, at);
        (_until[device], _sleeps[device], _isBare[device]) = (at, true, false);
    }

    /// <summary>Nothing is open on a device any more: it draws what it does without a context.</summary>
    public void Park(int device, double at)
    {
        Pause(device, at);
        (_until[device], _isBare[device]) = (at, true);
    }

    /// <summary>It is switched on again, and a context opened.</summary>
    public void Wake(int device, double at)
    {
        Pause(device, at);
        (_until[device], _sleeps[device], _isBare[device], _hasRun[device]) = (Math.Max(_until[device], at), false, false, false);
    }

    /// <summary>Nothing more ran on any device up to <paramref name="end"/>.</summary>
    public void Close(double end)
    {
        for (var device = 0; device < _kinds.Length; device++)
        {
            Pause(device, end);
            _until[device] = Math.Max(_until[device], end);
        }
    }

    private void Pause(int device, double until)
    {
        if (_sleeps[device])
        {
            return;
        }

        var from = _until[device];
        var (gpu, gpus) = (_kinds[device].Gpu, _kinds[device].TensorParallel);
        var awake = _hasRun[device] && !_isBare[device] ? Math.Clamp(until - from, 0, gpu.AwakeSeconds) : 0;
        var before = Joules;
        Add(device, from, awake, gpu.AwakeWatts * gpus);
        Add(device, from + awake, until - from - awake, (_isBare[device] ? gpu.BareWatts : gpu.IdleWatts) * gpus);
        IdleJoules += Joules - before;
    }

    private void Add(int device, double start, double seconds, double watts)
    {
        if (seconds <= 0)
        {
            return;
        }

        Joules += seconds * watts;
        var rack = _rackBins[_racks[device]];
        var end = start + seconds;
        for (var at = start; at < end;)
        {
            var bin = (int)((at - _from) / BinSeconds);
            var next = Math.Min(end, _from + ((bin + 1) * BinSeconds));
            if (next <= at)
            {
                next = Math.Min(end, _from + ((bin + 2) * BinSeconds));
            }

            Add(_bins, bin, (next - at) * watts);
            Add(rack, bin, (next - at) * watts);
            at = next;
        }
    }

    private static void Add(List<double> bins, int bin, double joules)
    {
        while (bins.Count <= bin)
        {
            bins.Add(0);
        }

        bins[bin] += joules;
    }
}
