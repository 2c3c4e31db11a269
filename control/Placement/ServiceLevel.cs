using Crescent.Engine.Scheduling;

namespace Crescent.Control.Placement;

/// <summary>What a call's user is promised.</summary>
/// <param name="TtftSeconds">Most seconds to the first token.</param>
/// <param name="ItlSeconds">Most seconds between two tokens, in the mean of a request.</param>
public readonly record struct ServiceLevel(double TtftSeconds, double ItlSeconds)
{
    /// <summary>The standard class: 2 s to the first token, 50 ms between two.</summary>
    public static ServiceLevel Standard { get; } = new(2, 0.05);

    /// <summary>The promise to a class of requests.</summary>
    public static ServiceLevel Of(RequestPriority priority) => priority switch
    {
        RequestPriority.Interactive => new ServiceLevel(1, 0.05),
        RequestPriority.Batch => new ServiceLevel(60, 0.2),
        _ => Standard,
    };
}
