namespace Crescent.Engine.Devices;

/// <summary>
/// Shares the layers of a model out among groups that keep equally large blocks, so that all of them take blocks from one pool and a block may be any group's.
/// Layers of a group see equally far. The first group sees all positions; where no layer of the model does, it is the one that sees furthest, and keeps all.
/// </summary>
/// <remarks>
/// A block is as large as all layers of the kind that keeps least, unless a single layer keeps more or there would be more than <see cref="MostGroups"/> groups; the
/// layers of the other kinds are divided into parts of at most that. What a group's layers leave of a block is unused: <see cref="UsedShare"/>.
/// </remarks>
public sealed class KvPartition
{
    /// <summary>About the most groups that layers are divided into.</summary>
    public const int MostGroups = 16;

    private KvPartition(KvReach[] groups, int[] groupOf, long[] offsetOf, long blockBytes, double usedShare)
    {
        (Groups, GroupOf, OffsetOf, BlockBytes, UsedShare) = (groups, groupOf, offsetOf, blockBytes, usedShare);
    }

    /// <summary>How far the layers of each group see.</summary>
    public IReadOnlyList<KvReach> Groups { get; }

    /// <summary>The group of each layer.</summary>
    public IReadOnlyList<int> GroupOf { get; }

    /// <summary>Where what a layer keeps lies in a block of its group, bytes.</summary>
    public IReadOnlyList<long> OffsetOf { get; }

    /// <summary>Bytes of a block.</summary>
    public long BlockBytes { get; }

    /// <summary>Share of the blocks' bytes that layers use, 0 to 1.</summary>
    public double UsedShare { get; }

    /// <summary>The groups of <paramref name="layers"/>.</summary>
    /// <param name="layers">How far each sees, and the bytes that it keeps of a block of positions; at least one.</param>
    public static KvPartition Of(IReadOnlyList<(KvReach Reach, long Bytes)> layers)
    {
        ArgumentOutOfRangeException.ThrowIfZero(layers.Count);
        var kinds = layers.Select(static layer => layer.Reach).Distinct().OrderByDescending(static reach => reach.Most).ToArray();
        var totals = kinds.Select(kind => layers.Where(layer => layer.Reach == kind).Sum(static layer => layer.Bytes)).ToArray();
        var block = Math.Max(Math.Max(totals.Min(), layers.Max(static layer => layer.Bytes)), totals.Sum() / MostGroups);
        var (groups, groupOf, offsetOf) = (new List<KvReach>(), new int[layers.Count], new long[layers.Count]);
        foreach (var kind in kinds)
        {
            var used = block;
            for (var i = 0; i < layers.Count; i++)
            {
                if (layers[i].Reach != kind)
                {
                    continue;
                }

                if (used + layers[i].Bytes > block)
                {
                    used = 0;
                    groups.Add(groups.Count == 0 ? default : kind);
                }

                (groupOf[i], offsetOf[i]) = (groups.Count - 1, used);
                used += layers[i].Bytes;
            }
        }

        // Where no group fills its blocks they are as large as the one that comes closest.
        block = Enumerable.Range(0, groups.Count).Max(group => layers.Where((_, i) => groupOf[i] == group).Sum(static layer => layer.Bytes));
        return new KvPartition([.. groups], groupOf, offsetOf, block, (double)totals.Sum() / (block * groups.Count));
    }
}
