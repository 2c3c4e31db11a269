using Crescent.Control.Placement;
using Crescent.Control.Power;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Servers;

namespace Crescent.Lab.Fleet;

/// <summary>One run of a fleet.</summary>
public sealed record FleetOptions
{
    /// <summary>The factory.</summary>
    public required FleetSpec Spec { get; init; }

    /// <summary>Name of the placement policy; with <c>+session</c> or <c>+burst</c> for what front ends of others do, or <c>parent-groups</c>.</summary>
    public required string Policy { get; init; }

    /// <summary>Who places calls, and how late they hear of the devices.</summary>
    public FrontEnds Fronts { get; init; } = FrontEnds.One;

    /// <summary>Budget of the GPUs, as a share of their highest caps together; above 0, at most 1.</summary>
    public double Budget { get; init; } = 1;

    /// <summary>How the budget moves; its times are from the moment when requests may arrive.</summary>
    public BudgetSchedule Schedule { get; init; } = BudgetSchedule.Constant;

    /// <summary>Budgets of the racks, each as a share of the highest caps of its GPUs together, above 0, at most 1; none where only the fleet has one. They do not move.</summary>
    public IReadOnlyList<double> RackBudgets { get; init; } = [];

    /// <summary>How caps are set; null for what goes with the policy.</summary>
    public IPowerController? Controller { get; init; }

    /// <summary>Weights of <c>power-aware</c>.</summary>
    public PowerWeights Weights { get; init; } = new() { ShedAbove = Studies.StudyOptions.DefaultShedAbove };

    /// <summary>What a call that waits has to save to move, as <see cref="DeviceExits.DefaultMargin"/>; 0 for never. <c>power-aware</c> alone moves calls: others' front ends do not.</summary>
    public double MoveMargin { get; init; } = DeviceExits.DefaultMargin;

    /// <summary>Promise to every request.</summary>
    public ServiceLevel Level { get; init; } = ServiceLevel.Standard;

    /// <summary>Expected output lengths are taken this much too long, as a share of them; negative for too short.</summary>
    public double LengthError { get; init; }

    /// <summary>Tokens that callers allow an answer, where it has no more: how many it will have, placement does not know.</summary>
    public int MaxTokens { get; init; } = 4096;

    /// <summary>A device with so many calls without a first token takes no more.</summary>
    public int MaxQueued { get; init; } = FactoryView.DefaultMaxQueued;

    /// <summary>What placement and governor believe of the devices.</summary>
    public ProfileBelief Belief { get; init; } = ProfileBelief.Exact;

    /// <summary>How engines order what waits and what they keep; limits and the promise are the fleet's.</summary>
    public EngineOptions Engine { get; init; } = new();

    /// <summary>How servers sleep and wake; null where they are always awake.</summary>
    public ServerOptions? Servers { get; init; }

    /// <summary>Positions of a KV block.</summary>
    public int BlockSize { get; init; } = SimulatedDeviceOptions.DefaultBlockSize;

    /// <summary>For what is drawn by chance.</summary>
    public int Seed { get; init; }
}
