using Crescent.Engine.Scheduling;

namespace Crescent.Lab.Strategies;

/// <summary>Tasks of one run.</summary>
public sealed record StrategyLoadOptions
{
    /// <summary>A run in which no task ends for so long is given up, s.</summary>
    public const double Patience = 3600;

    /// <summary>How each is solved.</summary>
    public required StrategyVariant Strategy { get; init; }

    /// <summary>Tasks that begin in a second, in the mean; above 0.</summary>
    public required double Rate { get; init; }

    /// <summary>Tasks of the run; 1 and up.</summary>
    public int Tasks { get; init; } = 200;

    /// <summary>Class of all calls.</summary>
    public RequestPriority Priority { get; init; } = RequestPriority.Standard;

    /// <summary>What is assumed of the model.</summary>
    public SolverOptions Solver { get; init; } = new();

    /// <summary>For what is drawn by chance.</summary>
    public int Seed { get; init; }
}
