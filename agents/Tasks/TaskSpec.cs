using Crescent.Agents.Strategies;

namespace Crescent.Agents.Tasks;

/// <summary>What a task is to do. Stored as JSON: a new member needs a default that means what its absence meant.</summary>
public sealed record TaskSpec
{
    /// <summary>Characters of a problem at the most.</summary>
    public const int MaxProblem = 4 << 20;

    /// <summary>Version of the form.</summary>
    public int Version { get; init; } = 1;

    /// <summary>What is asked.</summary>
    public required string Problem { get; init; }

    /// <summary>How the model is to behave; null for nothing.</summary>
    public string? System { get; init; }

    /// <summary>A name of the model; null for the cluster's first.</summary>
    public string? Model { get; init; }

    /// <summary>Name of the strategy.</summary>
    public required string Strategy { get; init; }

    /// <summary>The strategy's settings.</summary>
    public StrategySettings Settings { get; init; } = new();

    /// <summary>What it may take.</summary>
    public TaskBudget Budget { get; init; } = new();

    /// <summary>Tools that it may call.</summary>
    public IReadOnlyList<TaskTool> Tools { get; init; } = [];

    /// <summary>Seed of all that it draws.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whose it is; empty for nobody's.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>Class of its calls: <c>interactive</c>, <c>standard</c> or <c>batch</c>.</summary>
    public string Priority { get; init; } = "standard";

    /// <summary>What parts its cached prefixes from others'; null where they are shared.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>Steps that may be under way at once at its beginning, where power was dear then; null where it was not.</summary>
    public int? StartWidth { get; init; }

    /// <summary>The span that it is a part of, as W3C's <c>traceparent</c>; empty where it is not traced, null where nobody has decided.</summary>
    public string? TraceParent { get; init; }

    /// <summary>When it was submitted.</summary>
    public DateTimeOffset Submitted { get; init; }
}
