using Crescent.Engine.Devices;

namespace Crescent.Engine.Power;

/// <summary>What a device draws where no meter answers.</summary>
public interface IPowerModel
{
    /// <summary>Watts while nothing runs.</summary>
    double IdleWatts { get; }

    /// <summary>Highest watts: the cap in force.</summary>
    double CapWatts { get; }

    /// <summary>Joules of a step.</summary>
    /// <param name="plan">What the step computed.</param>
    /// <param name="duration">How long it took on the device.</param>
    double StepJoules(StepPlan plan, TimeSpan duration);
}
