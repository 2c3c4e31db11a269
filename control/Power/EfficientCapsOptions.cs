using Crescent.Control.Placement;

namespace Crescent.Control.Power;

/// <summary>What <see cref="EfficientCaps"/> plans with.</summary>
public sealed record EfficientCapsOptions
{
    /// <summary>Most seconds to the first token.</summary>
    public double TtftSeconds { get; init; } = 2;

    /// <summary>Share of them that a queue of prompts may take before the clock rises; above 0, at most 1.</summary>
    public double TtftShare { get; init; } = 0.5;

    /// <summary>Most seconds between tokens.</summary>
    public double ItlSeconds { get; init; } = 0.05;

    /// <summary>Share of them that may be used up before the clock rises; above 0, at most 1.</summary>
    public double ItlShare { get; init; } = 0.5;

    /// <summary>Those that keep the promise <paramref name="level"/>.</summary>
    public static EfficientCapsOptions For(ServiceLevel level) => new() { TtftSeconds = level.TtftSeconds, ItlSeconds = level.ItlSeconds };

    /// <summary>Clock below which less is saved than static power costs, as a share of the highest.</summary>
    public double LeastClock { get; init; } = 0.45;
}
