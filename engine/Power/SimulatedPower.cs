using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Simulated;

namespace Crescent.Engine.Power;

/// <summary>
/// Power of a simulated device: of all the GPUs of its tensor-parallel group. After a step the clocks stay up for a while, so that a short pause
/// costs more than idling; that energy counts with the step that ends the pause.
/// </summary>
public sealed class SimulatedPower : IPowerModel, IPowerCap
{
    private readonly GpuModel _gpu;
    private readonly int _gpus;
    private readonly TimeProvider _time;
    private double _capWatts;
    private long _lastEnd;
    private bool _hasRun;

    /// <summary>A group of <paramref name="gpus"/> GPUs.</summary>
    public SimulatedPower(GpuModel gpu, int gpus, TimeProvider? time = null)
    {
        _gpu = gpu;
        _gpus = gpus;
        _time = time ?? TimeProvider.System;
        Curve = new GpuPowerCurve(gpu);
        _capWatts = MaxCapWatts;
    }

    /// <summary>The curves of one GPU.</summary>
    public GpuPowerCurve Curve { get; }

    /// <inheritdoc/>
    public double IdleWatts => _gpu.IdleWatts * _gpus;

    /// <inheritdoc cref="IPowerCap.CapWatts"/>
    public double CapWatts => Volatile.Read(ref _capWatts);

    /// <inheritdoc/>
    public double MinCapWatts => _gpu.MinCapWatts * _gpus;

    /// <inheritdoc/>
    public double MaxCapWatts => _gpu.TdpWatts * _gpus;

    /// <summary>Watts of the last step.</summary>
    public double StepWatts { get; private set; }

    /// <summary>Clock of the last step, as a share of the highest.</summary>
    public double Clock { get; private set; } = 1;

    /// <inheritdoc/>
    public double SetCap(double watts)
    {
        var cap = Math.Clamp(watts, MinCapWatts, MaxCapWatts);
        Volatile.Write(ref _capWatts, cap);
        return cap;
    }

    /// <summary>Sets the clock of the step that is about to run; the device calls it.</summary>
    /// <param name="batch">Sequences that decode.</param>
    /// <param name="prefillShare">Share of the step's time that is prefill, 0 to 1.</param>
    internal double Begin(int batch, double prefillShare)
    {
        var full = Curve.FullWatts(batch, prefillShare);
        Clock = Curve.Clock(CapWatts / _gpus, full, prefillShare);
        StepWatts = _gpus * Curve.Watts(full, Clock, prefillShare);
        return Clock;
    }

    /// <inheritdoc/>
    /// <remarks>Of the step that the device ran last: what it computed is known from there.</remarks>
    public double StepJoules(StepPlan plan, TimeSpan duration)
    {
        var now = _time.GetTimestamp();
        var pause = _hasRun ? Math.Max(0, _time.GetElapsedTime(_lastEnd, now).TotalSeconds - duration.TotalSeconds) : 0;
        _lastEnd = now;
        _hasRun = true;
        var awake = Math.Min(pause, _gpu.AwakeSeconds) * (_gpu.AwakeWatts - _gpu.IdleWatts) * _gpus;
        return (StepWatts * duration.TotalSeconds) + awake;
    }
}
