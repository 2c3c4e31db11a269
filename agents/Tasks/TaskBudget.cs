namespace Crescent.Agents.Tasks;

/// <summary>What a task may take at the most. Stored with it: a new limit needs a default that means what its absence meant.</summary>
public sealed record TaskBudget
{
    /// <summary>Steps that a task may have, whatever it asks for.</summary>
    public const int MostSteps = 4096;

    /// <summary>Tokens of prompts and outputs together, 1 and up; null for no limit.</summary>
    public long? Tokens { get; init; }

    /// <summary>Joules attributed to its calls, above 0; null for no limit.</summary>
    public double? Joules { get; init; }

    /// <summary>Seconds from its submission to its end, above 0 to 604,800; null for no limit.</summary>
    public double? Seconds { get; init; }

    /// <summary>Steps under way at once, 1 to 256.</summary>
    public int Parallelism { get; init; } = 16;

    /// <summary>Calls of tools, 0 to 4,096.</summary>
    public int ToolCalls { get; init; } = 64;

    /// <summary>The first limit out of its range, and the range; null when all are well.</summary>
    public (string Name, string Range)? Fault() =>
        Tokens is < 1 ? ("tokens", "1 and up")
        : Joules is { } joules && !(joules > 0) ? ("joules", "above 0")
        : Seconds is { } seconds && !(seconds is > 0 and <= 604_800) ? ("seconds", "above 0, up to 604800")
        : Parallelism is < 1 or > 256 ? ("parallelism", "1 to 256")
        : ToolCalls is < 0 or > MostSteps ? ("tool_calls", "0 to 4096")
        : null;
}
