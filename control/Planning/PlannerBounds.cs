using Crescent.Control.Placement;

namespace Crescent.Control.Planning;

/// <summary>What a <see cref="ReplicaPlanner"/> keeps to.</summary>
public sealed record PlannerBounds
{
    public const int DefaultFewest = 1;
    public const int DefaultMost = 32;
    public const double DefaultStartSeconds = 120;
    public const double DefaultQuietSeconds = 600;
    public const double DefaultPersonSeconds = 1800;
    public const int DefaultMostUp = 8;
    public const double DefaultHeadroom = 0.85;

    /// <summary>Fewest replicas, 1 or more.</summary>
    public int Fewest { get; init; } = DefaultFewest;

    /// <summary>Most replicas, at least <see cref="Fewest"/>.</summary>
    public int Most { get; init; } = DefaultMost;

    /// <summary>From asking for a replica until it serves, s: so far ahead load is forecast.</summary>
    public double StartSeconds { get; init; } = DefaultStartSeconds;

    /// <summary>A replica goes once so many seconds have needed fewer.</summary>
    public double QuietSeconds { get; init; } = DefaultQuietSeconds;

    /// <summary>After a person has changed the number it is left alone for so long, s.</summary>
    public double PersonSeconds { get; init; } = DefaultPersonSeconds;

    /// <summary>Most replicas that come with one change. They go one by one.</summary>
    public int MostUp { get; init; } = DefaultMostUp;

    /// <summary>Share of what the promise, KV memory and prompts allow that is planned for, above 0, at most 1.</summary>
    public double Headroom { get; init; } = DefaultHeadroom;

    /// <summary>What callers are promised.</summary>
    public ServiceLevel Level { get; init; } = ServiceLevel.Standard;
}
