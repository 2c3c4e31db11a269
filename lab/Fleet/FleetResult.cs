namespace Crescent.Lab.Fleet;

/// <summary>What a run of a fleet gave. All of it is simulated.</summary>
public sealed record FleetResult
{
    /// <summary>Requests that arrived.</summary>
    public required int Requests { get; init; }

    /// <summary>Of those, requests that no device took.</summary>
    public required int Refused { get; init; }

    /// <summary>Of those, requests that met time to first token and time between tokens.</summary>
    public required int Good { get; init; }

    /// <summary>Requests whose first token came too late.</summary>
    public required int Late { get; init; }

    /// <summary>Requests whose tokens came too slowly.</summary>
    public required int Slow { get; init; }

    /// <summary>Times that a call which waited for its first token went to another device.</summary>
    public required int Moves { get; init; }

    /// <summary>Tokens generated.</summary>
    public required long Tokens { get; init; }

    /// <summary>Of those, tokens of good requests.</summary>
    public required long GoodTokens { get; init; }

    /// <summary>Prompt tokens of requests that were begun.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Of those, tokens found in a cache.</summary>
    public required long CachedTokens { get; init; }

    /// <summary>Times a sequence lost its blocks.</summary>
    public required long Preemptions { get; init; }

    /// <summary>Energy of all GPUs, idle ones too, J.</summary>
    public required double Joules { get; init; }

    /// <summary>Of that, energy while nothing ran on a device.</summary>
    public required double IdleJoules { get; init; }

    /// <summary>Energy at the wall, by the node model, J.</summary>
    public required double WallJoules { get; init; }

    /// <summary>Share of the devices' time in which they ran steps.</summary>
    public required double BusyShare { get; init; }

    /// <summary>Share of that in steps in which prompts were computed.</summary>
    public required double PromptShare { get; init; }

    /// <summary>Share of KV memory that calls held when they held the most of it, on the fullest device.</summary>
    public required double MostKvShare { get; init; }

    /// <summary>Time that GPUs were on, those that were being woken too, in hours of one GPU.</summary>
    public required double GpuHours { get; init; }

    /// <summary>Times that a server was woken.</summary>
    public required int Wakes { get; init; }

    /// <summary>From the first arrival to the last token, s.</summary>
    public required double Seconds { get; init; }

    /// <summary>Of the budget, W, at the end.</summary>
    public required double BudgetWatts { get; init; }

    public required double TtftP50 { get; init; }

    public required double TtftP99 { get; init; }

    public required double ItlP50 { get; init; }

    public required double ItlP99 { get; init; }

    /// <summary>Time in which the GPUs drew more than 1.02 of the budget, or those of a rack of its own, without the first 2 s after a jump of it, s.</summary>
    public required double OverBudgetSeconds { get; init; }

    /// <summary>Most watts over the budget, as a share of it, over a quarter of a second, without the first 2 s after a change; 0 where it was kept.</summary>
    public required double WorstExcess { get; init; }

    /// <summary>Watts of the GPUs by quarters of a second.</summary>
    public required IReadOnlyList<double> Watts { get; init; }

    /// <summary>Time that the machine took, s.</summary>
    public required double MachineSeconds { get; init; }

    public double SloAttainment => (double)Good / Requests;

    public double TokensPerJoule => Tokens / Joules;

    public double TokensPerJouleAtWall => Tokens / WallJoules;

    public double JoulesPerGoodToken => GoodTokens > 0 ? Joules / GoodTokens : double.PositiveInfinity;

    /// <summary>Good requests a second.</summary>
    public double Goodput => Good / Seconds;

    /// <summary>Good requests a second for each megawatt that the GPUs drew in the mean: good requests a megajoule.</summary>
    public double GoodputPerMegawatt => Good / (Joules / 1e6);

    /// <summary>Good requests a second for each megawatt of the budget, drawn or not.</summary>
    public double GoodputPerBudgetMegawatt => Goodput / (BudgetWatts / 1e6);
}
