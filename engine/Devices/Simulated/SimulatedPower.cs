using Crescent.Engine.Power;

namespace Crescent.Engine.Devices.Simulated;

/// <summary>
/// Power of a simulated device: of all the GPUs of its tensor-parallel group.
/// </summary>
public sealed class SimulatedPower : IPowerModel, IPowerCap
{
    private readonly GpuModel _gpu;
    private readonly int _gpus;
    private double _capWatts;

    /// <summary>A group of <paramref name="gpus"/> GPUs.</summary>
    public SimulatedPower(GpuModel gpu, int gpus)
    {
        _gpu = gpu;
        _gpus = gpus;
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
        PrefillShare = batch == 0 ? 1 : prefillShare * Curve.PrefillWatts / full;
        StepWatts = _gpus * Curve.Watts(full, Clock, prefillShare);
        return Clock;
    }

    /// <inheritdoc/>
    public WorkCoefficients Work { get; internal set; } = WorkCoefficients.Processor;

    /// <inheritdoc/>
    public double BlockCopyJoules { get; internal set; }

    /// <inheritdoc/>
    public double? PrefillShare { get; private set; }

    /// <inheritdoc/>
    /// <remarks>Of the step that the device ran last: what it computed is known from there.</remarks>
    public double StepJoules(StepPlan plan, TimeSpan duration) => StepWatts * duration.TotalSeconds;

    /// <inheritdoc/>
    /// <remarks>After a step the clocks stay up for a while, so that a short pause costs more than idling.</remarks>
    public double PauseJoules(TimeSpan pause)
    {
        var awake = Math.Min(pause.TotalSeconds, _gpu.AwakeSeconds);
        return ((_gpu.IdleWatts * pause.TotalSeconds) + (awake * (_gpu.AwakeWatts - _gpu.IdleWatts))) * _gpus;
    }
}
