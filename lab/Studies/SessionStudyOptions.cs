using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Fleet;
using Crescent.Lab.Traces;

namespace Crescent.Lab.Studies;

/// <summary>A study of sessions whose calls wait for one another: a trace under several variants, loads and seeds.</summary>
public sealed record SessionStudyOptions
{
    public const string DefaultDevices = "sim:h100-sxm*2:tp8";
    public const string DefaultVariants = "fcfs,las";
    public const double DefaultLoad = 0.9;
    public const int DefaultSeeds = 3;
    public const double DefaultWarmUp = 600;
    public const double DefaultWindow = 1200;
    public const double DefaultHostGigabytes = 1024;

    /// <summary>The factory.</summary>
    public required FleetSpec Fleet { get; init; }

    /// <summary>What sessions do.</summary>
    public required SessionTrace Trace { get; init; }

    /// <summary>See <see cref="SessionVariant"/>; the first is what the others are compared with.</summary>
    public required IReadOnlyList<SessionVariant> Variants { get; init; }

    /// <summary>Placement policy of those that keep programs together.</summary>
    public string Policy { get; init; } = KvQueuePolicy.PolicyName;

    /// <summary>Rates at which sessions begin, as shares of what <see cref="SessionStudy.FullRate"/> finds.</summary>
    public IReadOnlyList<double> Loads { get; init; } = [DefaultLoad];

    /// <summary>Seeds 0 to this less one.</summary>
    public int Seeds { get; init; } = DefaultSeeds;

    /// <summary>Nothing is measured before, s.</summary>
    public double WarmUpSeconds { get; init; } = DefaultWarmUp;

    /// <summary>Tasks are measured that begin in this time after it, s.</summary>
    public double WindowSeconds { get; init; } = DefaultWindow;

    /// <summary>Sessions a second that load 1 stands for; null to find them.</summary>
    public double? FullRate { get; init; }

    /// <summary>Budget of the GPUs, as a share of their highest caps together.</summary>
    public double Budget { get; init; } = 1;

    /// <summary>Host memory of a device for variants that use it, GB.</summary>
    public double HostGigabytes { get; init; } = DefaultHostGigabytes;

    /// <summary>Class of the calls.</summary>
    public RequestPriority Priority { get; init; } = RequestPriority.Standard;

    /// <summary>Promise to every call.</summary>
    public ServiceLevel Level { get; init; } = ServiceLevel.Standard;

    /// <summary>Runs at once.</summary>
    public int Jobs { get; init; } = Environment.ProcessorCount;
}
