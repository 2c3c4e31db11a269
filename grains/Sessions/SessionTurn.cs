using Crescent.Grains.Placement;

namespace Crescent.Grains.Sessions;

/// <summary>What a turn of a session has left behind.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.SessionTurn")]
public sealed record SessionTurn
{
    /// <summary>The device that ran it, <c>silo/device</c>.</summary>
    [Id(0)] public required string Device { get; init; }

    /// <summary>The silo that owns the device.</summary>
    [Id(1)] public required SiloAddress Silo { get; init; }

    /// <summary>
    /// Where its prompt ends and, once it has ended, where its output does: for each model, way to store keys and values and size of block in the cluster.
    /// </summary>
    [Id(2)] public required PromptMark[] Marks { get; init; }

    /// <summary>Most blocks that it may have left in the device's cache; those of the smallest size where the cluster has several.</summary>
    public int Blocks => Marks.Length == 0 ? 0 : Marks.Max(static m => m.Blocks);
}
