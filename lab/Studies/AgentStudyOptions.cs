using Crescent.Control.Placement;
using Crescent.Lab.Fleet;
using Crescent.Lab.Traces;

namespace Crescent.Lab.Studies;

/// <summary>A study of how many agents a device serves at once.</summary>
public sealed record AgentStudyOptions
{
    public const double DefaultWarmUp = 240;
    public const double DefaultWindow = 480;
    public const double DefaultHostGigabytes = 1024;
    public const int DefaultMostAgents = 512;

    /// <summary>What agents do.</summary>
    public required SessionTrace Trace { get; init; }

    /// <summary>The systems, each of devices of one kind; the first under the first policy is what the others are compared with.</summary>
    public required IReadOnlyList<(string Name, FleetSpec Fleet)> Systems { get; init; }

    /// <summary>Names of policies; see <see cref="StudyPolicy"/>. Their servers stay on.</summary>
    public IReadOnlyList<string> Policies { get; init; } = [KvQueuePolicy.PolicyName];

    /// <summary>What agents must be given.</summary>
    public IReadOnlyList<AgentTier> Tiers { get; init; } = AgentTier.All;

    /// <summary>Nothing is measured before, s.</summary>
    public double WarmUpSeconds { get; init; } = DefaultWarmUp;

    /// <summary>Calls are measured that end in this time after it, s.</summary>
    public double WindowSeconds { get; init; } = DefaultWindow;

    /// <summary>Host memory of a device for what its own evicts, GB; 0 for none.</summary>
    public double HostGigabytes { get; init; } = DefaultHostGigabytes;

    /// <summary>Fewest agents that are tried.</summary>
    public int FewestAgents { get; init; } = 1;

    /// <summary>Who places calls, and how late they hear of the devices.</summary>
    public FrontEnds Fronts { get; init; } = FrontEnds.One;

    /// <summary>Searches at once.</summary>
    public int Jobs { get; init; } = 1;

    /// <summary>Most agents that are tried.</summary>
    public int MostAgents { get; init; } = DefaultMostAgents;

    /// <summary>For what is drawn by chance.</summary>
    public int Seed { get; init; }
}
