using Crescent.Engine.Devices.Simulated;

namespace Crescent.Lab.Fleet;

/// <summary>
/// What the GPUs of a fleet drew, by device and over time: the watts of each step for as long as it takes, and between steps first with clocks up,
/// then idle. The device's own statistics have no part in it, so that they can be judged by it.
/// </summary>
internal sealed class PowerMeter(GpuModel gpu, int gpusPerDevice, int devices, double from)
{
    /// <summary>Length of a bin of <see cref="Bins"/>, s.</summary>
    public const double BinSeconds = 0.25;

    private readonly double[] _until = [.. Enumerable.Repeat(from, devices)];
    private readonly bool[] _sleeps = new bool[devices];
    private readonly bool[] _isBare = new bool[devices];
    private readonly bool[] _hasRun = new bool[devices];
    private readonly List<double> _bins = [];

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
        Add(start, seconds, watts);
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
        for (var device = 0; device < devices; device++)
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
        var awake = _hasRun[device] && !_isBare[device] ? Math.Clamp(until - from, 0, gpu.AwakeSeconds) : 0;
        var before = Joules;
        Add(from, awake, gpu.AwakeWatts * gpusPerDevice);
        Add(from + awake, until - from - awake, (_isBare[device] ? gpu.BareWatts : gpu.IdleWatts) * gpusPerDevice);
        IdleJoules += Joules - before;
    }

    private void Add(double start, double seconds, double watts)
    {
        if (seconds <= 0)
        {
            return;
        }

        Joules += seconds * watts;
        var end = start + seconds;
        for (var at = start; at < end;)
        {
            var bin = (int)((at - from) / BinSeconds);
            var next = Math.Min(end, from + ((bin + 1) * BinSeconds));
            if (next <= at)
            {
                next = Math.Min(end, from + ((bin + 2) * BinSeconds));
            }

            while (_bins.Count <= bin)
            {
                _bins.Add(0);
            }

            _bins[bin] += (next - at) * watts;
            at = next;
        }
    }
}
