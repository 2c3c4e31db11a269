using Crescent.Engine.Devices;

namespace Crescent.Lab.Fleet;

/// <summary>
/// What placement and governor believe of the simulated devices, which need not be so: a profile is off by factors, or its times are learned from steps as those of real
/// devices are.
/// </summary>
public sealed record ProfileBelief
{
    /// <summary>They know what the simulator does.</summary>
    public static ProfileBelief Exact { get; } = new();

    /// <summary>Believed over true times of steps and prompts.</summary>
    public double Times { get; init; } = 1;

    /// <summary>Believed over true watts of decode and prefill, and of the part that no clock lowers.</summary>
    public double Power { get; init; } = 1;

    /// <summary>Believed over true watts of devices on which nothing runs.</summary>
    public double Idle { get; init; } = 1;

    /// <summary>True over believed exponent of the clock in the power of decode and prefill.</summary>
    public double Curve { get; init; } = 1;

    /// <summary>Times are learned from steps, at the clocks they ran at; <see cref="Times"/> comes on top.</summary>
    public bool IsLearned { get; init; }

    /// <summary>What is believed of a device.</summary>
    /// <param name="told">Its own profile.</param>
    /// <param name="learned">What its steps have shown.</param>
    public DeviceProfile Of(DeviceProfile told, DeviceProfile learned)
    {
        if (this == Exact)
        {
            return told;
        }

        var times = IsLearned ? learned : told;
        return told with
        {
            StepSeconds = Times * times.StepSeconds,
            SequenceSeconds = Times * times.SequenceSeconds,
            ContextSeconds = Times * times.ContextSeconds,
            PromptSeconds = Times * times.PromptSeconds,
            PromptPairSeconds = Times * times.PromptPairSeconds,
            IdleWatts = Idle * told.IdleWatts,
            AwakeWatts = Idle * told.AwakeWatts,
            StaticWatts = Power * told.StaticWatts,
            DecodeBaseWatts = Power * told.DecodeBaseWatts,
            DecodeSpanWatts = Power * told.DecodeSpanWatts,
            PrefillWatts = Power * told.PrefillWatts,
        };
    }
}
