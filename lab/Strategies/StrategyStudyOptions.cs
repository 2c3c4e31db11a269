using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Fleet;

namespace Crescent.Lab.Strategies;

/// <summary>A study of strategies: each at several rates and seeds on one simulated fleet.</summary>
public sealed record StrategyStudyOptions
{
    public const string DefaultDevices = "sim:h100-sxm*2:tp8";
    public const string DefaultStrategies = "chain-of-thought,self-consistency:16:1,self-consistency:16";
    public const double DefaultRate = 0.5;
    public const int DefaultTasks = 200;
    public const int DefaultSeeds = 3;

    /// <summary>The factory.</summary>
    public required FleetSpec Fleet { get; init; }

    /// <summary>The first is what the others are compared with.</summary>
    public required IReadOnlyList<StrategyVariant> Strategies { get; init; }

    /// <summary>Tasks that begin in a second.</summary>
    public IReadOnlyList<double> Rates { get; init; } = [DefaultRate];

    /// <summary>Tasks of a run; 1 and up.</summary>
    public int Tasks { get; init; } = DefaultTasks;

    /// <summary>Seeds 0 to this less one.</summary>
    public int Seeds { get; init; } = DefaultSeeds;

    /// <summary>Placement policy.</summary>
    public string Policy { get; init; } = KvQueuePolicy.PolicyName;

    /// <summary>Budgets of the GPUs, as shares of their highest caps together; above 0, at most 1.</summary>
    public IReadOnlyList<double> Budgets { get; init; } = [1];

    /// <summary>Class of the calls; tasks of class batch fan out less while power is dear.</summary>
    public RequestPriority Priority { get; init; } = RequestPriority.Standard;

    /// <summary>What is assumed of the model.</summary>
    public SolverOptions Solver { get; init; } = new();

    /// <summary>Runs at once.</summary>
    public int Jobs { get; init; } = Environment.ProcessorCount;
}
