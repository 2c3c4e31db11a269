using Crescent.Engine.Devices;

namespace Crescent.Engine.Power;

/// <summary>
/// A server processor's share for some of its threads. A processor of 64 to 128 cores draws 300 to 400 W under load and about a third of that
/// idle, which makes some 5 W a busy core and 1.5 W an idle one; inference keeps all its threads busy whatever the batch.
/// </summary>
public sealed class CpuPowerModel(int threads, double idleWattsPerThread = CpuPowerModel.DefaultIdleWatts, double busyWattsPerThread = CpuPowerModel.DefaultBusyWatts)
    : IPowerModel
{
    public const double DefaultIdleWatts = 1.5;
    public const double DefaultBusyWatts = 5;

    /// <inheritdoc/>
    public double IdleWatts => threads * idleWattsPerThread;

    /// <inheritdoc/>
    public double CapWatts => threads * busyWattsPerThread;

    /// <inheritdoc/>
    public double StepJoules(StepPlan plan, TimeSpan duration) => CapWatts * duration.TotalSeconds;
}
