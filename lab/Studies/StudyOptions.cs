using Crescent.Control.Placement;
using Crescent.Control.Power;
using Crescent.Lab.Fleet;
using Crescent.Lab.Traces;

namespace Crescent.Lab.Studies;

/// <summary>A study: a trace under several policies, budgets, loads and seeds.</summary>
public sealed record StudyOptions
{
    public const double DefaultLoad = 0.5;
    public const int DefaultSeeds = 5;
    public const double DefaultShedAbove = 0.9;
    public const double DefaultMinSeconds = 300;
    public const double DefaultMaxSeconds = 900;

    /// <summary>The factory.</summary>
    public required FleetSpec Fleet { get; init; }

    /// <summary>What arrives.</summary>
    public required Trace Trace { get; init; }

    /// <summary>Names of policies; see <see cref="StudyPolicy"/>.</summary>
    public required IReadOnlyList<string> Policies { get; init; }

    /// <summary>Budgets of the GPUs, as shares of their highest caps together.</summary>
    public IReadOnlyList<double> Budgets { get; init; } = [1];

    /// <summary>Arrival rates, as shares of what <see cref="LoadFinder"/> finds.</summary>
    public IReadOnlyList<double> Loads { get; init; } = [DefaultLoad];

    /// <summary>Seeds 0 to this less one.</summary>
    public int Seeds { get; init; } = DefaultSeeds;

    /// <summary>A shorter run goes on with the trace from another place, s.</summary>
    public double MinSeconds { get; init; } = DefaultMinSeconds;

    /// <summary>Nothing arrives after this, s.</summary>
    public double MaxSeconds { get; init; } = DefaultMaxSeconds;

    /// <summary>The rate that load 1 stands for, requests a second; null to find it.</summary>
    public double? FullRate { get; init; }

    /// <summary>Who places calls, and how late they hear of the devices.</summary>
    public FrontEnds Fronts { get; init; } = FrontEnds.One;

    /// <summary>How budgets move.</summary>
    public BudgetSchedule Schedule { get; init; } = BudgetSchedule.Constant;

    /// <summary>Budgets of the racks; see <see cref="FleetOptions.RackBudgets"/>.</summary>
    public IReadOnlyList<double> RackBudgets { get; init; } = [];

    /// <summary>Expected output lengths are taken this much too long, as a share; negative for too short.</summary>
    public double LengthError { get; init; }

    /// <summary>Weights of <c>power-aware</c>.</summary>
    public PowerWeights Weights { get; init; } = new() { ShedAbove = DefaultShedAbove };

    /// <summary>Promise to every request.</summary>
    public ServiceLevel Level { get; init; } = ServiceLevel.Standard;

    /// <summary>Runs at once.</summary>
    public int Jobs { get; init; } = Environment.ProcessorCount;
}
