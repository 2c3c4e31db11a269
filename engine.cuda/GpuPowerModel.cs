using Crescent.Engine.Devices;
using Crescent.Engine.Power;

namespace Crescent.Engine.Cuda;

/// <summary>What a GPU draws where its own sensor does not answer: its limit while it works and a tenth of that while it does not.</summary>
/// <param name="limitWatts">Its power limit, W.</param>
public sealed class GpuPowerModel(double limitWatts = GpuPowerModel.DefaultLimitWatts) : IPowerModel
{
    /// <summary>The limit of a server GPU of which nothing is known, W.</summary>
    public const double DefaultLimitWatts = 700;

    private const double IdleShare = 0.1;

    /// <inheritdoc/>
    public double IdleWatts => limitWatts * IdleShare;

    /// <inheritdoc/>
    public double CapWatts => limitWatts;

    /// <inheritdoc/>
    public double StepJoules(StepPlan plan, TimeSpan duration) => limitWatts * duration.TotalSeconds;
}
