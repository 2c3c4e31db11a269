namespace Crescent.Grains.Planning;

/// <summary>The replicas at a moment.</summary>
/// <param name="Replicas">Those that are asked for.</param>
/// <param name="Ready">Of those, those that serve.</param>
public sealed record ReplicaScaleState(int Replicas, int Ready)
{
    /// <summary>The number that a planner last set; null where none did.</summary>
    public int? Planned { get; init; }

    /// <summary>The silo that a planner was emptying; null for none.</summary>
    public string? Leaving { get; init; }

    /// <summary>A person has said that nothing is to be planned.</summary>
    public bool IsOff { get; init; }

    /// <summary>Of what was read.</summary>
    public string Revision { get; init; } = "";
}
