using Crescent.Control.Placement;
using Crescent.Lab.Fleet;
using Crescent.Lab.Traces;

namespace Crescent.Lab.Studies;

/// <summary>A study of days on a fleet whose servers sleep while they are not needed.</summary>
public sealed record ServerStudyOptions
{
    public const string DefaultDevices = "sim:h100-sxm*8:tp8";
    public const string DefaultVariants = "fixed,threshold:48,threshold:96,planner";
    public const double DefaultPeak = 0.8;
    public const double DefaultDaySeconds = 3600;
    public const int DefaultDays = 2;

    /// <summary>Seconds of a real day, which the planner takes a day of the run for.</summary>
    public const double RealDay = 86_400;

    /// <summary>The factory; a server has <see cref="FleetSpec.NodeGpus"/> GPUs.</summary>
    public required FleetSpec Fleet { get; init; }

    /// <summary>What arrives.</summary>
    public required Trace Trace { get; init; }

    /// <summary>Who says how many servers are awake.</summary>
    public required IReadOnlyList<ServerVariant> Variants { get; init; }

    /// <summary>Requests a second at the peak.</summary>
    public required double PeakRate { get; init; }

    /// <summary>The shape of a day.</summary>
    public DayShape Day { get; init; } = new(DayShape.DefaultTrough, DefaultDaySeconds);

    /// <summary>Days.</summary>
    public int Days { get; init; } = DefaultDays;

    /// <summary>From waking a server until it takes calls, s of a real day.</summary>
    public double WakeSeconds { get; init; } = 120;

    /// <summary>What a server that sleeps draws, W.</summary>
    public double SleepWatts { get; init; } = 30;

    /// <summary>Placement.</summary>
    public string Policy { get; init; } = PowerAwarePolicy.PolicyName;

    /// <summary>Promise to every request.</summary>
    public ServiceLevel Level { get; init; } = ServiceLevel.Standard;

    /// <summary>For what is drawn by chance.</summary>
    public int Seed { get; init; }

    /// <summary>Runs at once.</summary>
    public int Jobs { get; init; } = Environment.ProcessorCount;
}
