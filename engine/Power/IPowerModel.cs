using Crescent.Engine.Devices;

namespace Crescent.Engine.Power;

/// <summary>What a device draws where no meter answers, and how a step's energy is shared out in any case.</summary>
public interface IPowerModel
{
    /// <summary>Watts while nothing runs.</summary>
    double IdleWatts { get; }

    /// <summary>Highest watts: the cap in force.</summary>
    double CapWatts { get; }

    /// <summary>What the parts of a step cost beside each other.</summary>
    WorkCoefficients Work => WorkCoefficients.Processor;

    /// <summary>Share of the last step's energy that its prompts caused, 0 to 1, where the device knows; null where <see cref="Work"/> has to say.</summary>
    double? PrefillShare => null;

    /// <summary>Joules of a step.</summary>
    /// <param name="plan">What the step computed.</param>
    /// <param name="duration">How long it took on the device.</param>
    double StepJoules(StepPlan plan, TimeSpan duration);

    /// <summary>Joules of a copy of a KV block between device and host, beside what is drawn anyway.</summary>
    double BlockCopyJoules => 0;

    /// <summary>Joules of a pause between two steps.</summary>
    double PauseJoules(TimeSpan pause) => IdleWatts * pause.TotalSeconds;
}
