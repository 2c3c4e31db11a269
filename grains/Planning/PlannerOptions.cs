using Crescent.Control.Planning;
using Crescent.Control.Placement;

namespace Crescent.Grains.Planning;

/// <summary>How device replicas are sized; configuration section <see cref="Section"/>, the same in every front end.</summary>
public sealed class PlannerOptions
{
    public const string Section = "Crescent:Planner";
    public const string DefaultMode = "dry-run";
    public const double DefaultLookSeconds = 5;
    public const double DefaultDrainSeconds = 120;
    public const int MaxReplicas = 10_000;

    /// <summary>The words for <see cref="PlannerMode"/>.</summary>
    public static readonly IReadOnlyDictionary<string, PlannerMode> Modes = new Dictionary<string, PlannerMode>(StringComparer.Ordinal)
    {
        ["off"] = PlannerMode.Off,
        [DefaultMode] = PlannerMode.DryRun,
        ["apply"] = PlannerMode.Apply,
    };

    /// <summary>One of <see cref="Modes"/>.</summary>
    public string Mode { get; set; } = DefaultMode;

    /// <summary>Name of the StatefulSet that has the replicas; null where none has, and every silo with devices is one.</summary>
    public string? Set { get; set; }

    /// <summary>Its namespace; null for that of the pod.</summary>
    public string? Namespace { get; set; }

    /// <summary>Address of the API server; null for that of the pod's cluster.</summary>
    public string? Api { get; set; }

    /// <summary>Fewest replicas, 1 to <see cref="MaxReplicas"/>.</summary>
    public int Fewest { get; set; } = PlannerBounds.DefaultFewest;

    /// <summary>Most replicas, <see cref="Fewest"/> to <see cref="MaxReplicas"/>.</summary>
    public int Most { get; set; } = PlannerBounds.DefaultMost;

    /// <summary>From asking for a replica until it serves, 0 to 3600 s.</summary>
    public double StartSeconds { get; set; } = PlannerBounds.DefaultStartSeconds;

    /// <summary>A replica goes once so many seconds have needed fewer, 1 to 86400.</summary>
    public double QuietSeconds { get; set; } = PlannerBounds.DefaultQuietSeconds;

    /// <summary>For so long a number stands that a person has set, 0 to 604800 s.</summary>
    public double PersonSeconds { get; set; } = PlannerBounds.DefaultPersonSeconds;

    /// <summary>Most replicas that come with one change, 1 to <see cref="MaxReplicas"/>.</summary>
    public int MostUp { get; set; } = PlannerBounds.DefaultMostUp;

    /// <summary>Share of what promise, KV memory and prompts allow that is planned for, 0.1 to 1.</summary>
    public double Headroom { get; set; } = PlannerBounds.DefaultHeadroom;

    /// <summary>Time between tokens that is promised, 0.0001 to 60 s.</summary>
    public double ItlSeconds { get; set; } = ServiceLevel.Standard.ItlSeconds;

    /// <summary>Between two looks, 0.1 to 600 s.</summary>
    public double LookSeconds { get; set; } = DefaultLookSeconds;

    /// <summary>A replica that is to go takes no new work and is left for so long to end what it has, 0 to 3600 s; what is left then goes on elsewhere.</summary>
    public double DrainSeconds { get; set; } = DefaultDrainSeconds;

    /// <summary>What <see cref="Mode"/> says, checked before.</summary>
    public PlannerMode Does => Modes.GetValueOrDefault(Mode);

    /// <summary>The same for the planner itself.</summary>
    public PlannerBounds Bounds => new()
    {
        Fewest = Fewest,
        Most = Most,
        StartSeconds = StartSeconds,
        QuietSeconds = QuietSeconds,
        PersonSeconds = PersonSeconds,
        MostUp = MostUp,
        Headroom = Headroom,
        Level = ServiceLevel.Standard with { ItlSeconds = ItlSeconds },
    };
}
