using Crescent.Agents.Steps;

namespace Crescent.Agents.Strategies;

/// <summary>What a strategy wants next.</summary>
public sealed record StrategyMove
{
    /// <summary>Waits for what runs.</summary>
    public static readonly StrategyMove Wait = new();

    /// <summary>Steps to begin, side by side.</summary>
    public IReadOnlyList<Step> Begin { get; init; } = [];

    /// <summary>Steps under way that nobody needs any more.</summary>
    public IReadOnlyList<string> Cut { get; init; } = [];

    /// <summary>The end: its answer. What still runs is cut.</summary>
    public StrategyAnswer? Answer { get; init; }

    /// <summary>The end without an answer: why there is none.</summary>
    public string? Fault { get; init; }

    /// <summary>Kind of the <see cref="Note"/>: <c>planned</c> or <c>vote</c>.</summary>
    public string? NoteKind { get; init; }

    /// <summary>For whoever watches: the plan, or how the vote stands.</summary>
    public string? Note { get; init; }

    /// <summary>Samples that need not be drawn, because the vote was sure without them.</summary>
    public int Saved { get; init; }

    /// <summary>Begins steps.</summary>
    public static StrategyMove Start(params IReadOnlyList<Step> steps) => new() { Begin = steps };

    /// <summary>Ends with an answer.</summary>
    public static StrategyMove End(StrategyAnswer answer) => new() { Answer = answer };

    /// <summary>Ends without one.</summary>
    public static StrategyMove Fail(string why) => new() { Fault = why };
}
