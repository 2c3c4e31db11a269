using Crescent.Lab.Fleet;

namespace Crescent.Lab.Strategies;

/// <summary>What a run of tasks gave. All of it is simulated, whether an answer was right included.</summary>
/// <param name="Fleet">Of the whole run, from the first task to the end of the last.</param>
public sealed record StrategyResult(FleetResult Fleet)
{
    /// <summary>Tasks.</summary>
    public required int Tasks { get; init; }

    /// <summary>Of those, tasks whose answer was right.</summary>
    public required int Solved { get; init; }

    /// <summary>Of those, tasks that failed: devices refused their calls.</summary>
    public required int Failed { get; init; }

    /// <summary>Calls of the model.</summary>
    public required int Calls { get; init; }

    /// <summary>Samples that votes which were sure did not draw.</summary>
    public required int Saved { get; init; }

    /// <summary>Tokens generated, those of steps that were cut included.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>From a task's beginning to its answer, mean, s.</summary>
    public required double MeanSeconds { get; init; }

    public required double SecondsP50 { get; init; }

    public required double SecondsP90 { get; init; }

    /// <summary>Most calls of a task at once, in the mean.</summary>
    public required double MeanWidest { get; init; }

    /// <summary>Energy of all GPUs over the run, idle ones too, for each task, J.</summary>
    public double JoulesPerTask => Fleet.Joules / Tasks;

    /// <summary>The same for each task that was solved, J.</summary>
    public double JoulesPerSolved => Solved > 0 ? Fleet.Joules / Solved : double.PositiveInfinity;

    internal static StrategyResult Of(StrategyLoad load, FleetResult fleet)
    {
        var times = load.Tasks.Select(static task => task.EndedAt - task.BeganAt).Order().ToArray();
        return new StrategyResult(fleet)
        {
            Tasks = load.Tasks.Count,
            Solved = load.Tasks.Count(static task => task.IsSolved),
            Failed = load.Tasks.Count(static task => task.HasFailed),
            Calls = load.Tasks.Sum(static task => task.Bill.Calls),
            Saved = load.Tasks.Sum(static task => task.Saved),
            OutputTokens = load.Tasks.Sum(static task => task.Bill.OutputTokens),
            MeanSeconds = times.Average(),
            SecondsP50 = times[times.Length / 2],
            SecondsP90 = times[times.Length * 9 / 10],
            MeanWidest = load.Tasks.Average(static task => task.Widest),
        };
    }
}
