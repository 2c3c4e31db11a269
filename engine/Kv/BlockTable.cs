namespace Crescent.Engine.Kv;

/// <summary>
/// The KV blocks of one sequence, in order: position p lies in block of positions p / blockSize, of which each group of layers has a block of its own. The first
/// <see cref="Registered"/> of them are full and known to the prefix cache by <see cref="Hashes"/>. Only <see cref="KvCache"/> changes it.
/// </summary>
public sealed class BlockTable
{
    private readonly List<BlockRun> _runs;

    /// <summary>A table that takes <paramref name="capacity"/> blocks before it has to grow itself.</summary>
    public BlockTable(int capacity = 8)
    {
        _runs = [new BlockRun(capacity)];
        Hashes = new List<BlockHash>(capacity);
    }

    /// <summary>Blocks of positions for which there are blocks, those that a group has given up behind its window among them.</summary>
    public int Count => _runs[0].End;

    /// <summary>Block ids of the first group of layers in order.</summary>
    public ReadOnlySpan<int> Blocks => _runs[0].Blocks;

    /// <summary>The blocks of each group of layers that has had some; all reach up to the same block of positions.</summary>
    public IReadOnlyList<BlockRun> Runs => _runs;

    /// <summary>Leading blocks whose content has been offered to the prefix cache.</summary>
    public int Registered { get; internal set; }

    /// <summary>Where the sequence's state is, on a device that keeps states; -1 for none.</summary>
    public int State { get; internal set; } = -1;

    /// <summary>Positions that its state has seen; while guesses are checked, those of wrong ones among them.</summary>
    public int StateAt { get; internal set; }

    /// <summary>Where the state behind its newest token is, while guesses after that are checked; -1 for none.</summary>
    public int Spare { get; internal set; } = -1;

    /// <summary>Positions that the spare has seen.</summary>
    internal int SpareAt { get; set; }

    /// <summary>Where its state was last to be kept.</summary>
    internal int KeptAt { get; set; }

    /// <summary>The least position from which its sequence may have to go on that has computed <paramref name="computed"/> of them.</summary>
    public int GoesOnFrom(int computed) => State < 0 ? computed : Math.Min(Math.Min(computed, StateAt), Spare < 0 ? computed : SpareAt);

    /// <summary>The last state that was kept of the sequence while it decoded; the next takes its place.</summary>
    internal BlockHash? LatestKept { get; set; }

    /// <summary>Number of the last copy that brings content into its blocks; 0 for none. See <see cref="KvCopies"/>.</summary>
    public long ArrivesWith { get; internal set; }

    /// <summary>Hashes of the leading full blocks, as far as they have been computed; they outlive the blocks.</summary>
    internal List<BlockHash> Hashes { get; }

    /// <summary>The blocks of a group of layers.</summary>
    internal BlockRun Run(int group) => _runs[group];

    /// <summary>Has a run for each of <paramref name="groups"/> groups from now on.</summary>
    internal void Open(int groups)
    {
        const int Capacity = 8;
        while (_runs.Count < groups)
        {
            _runs.Add(new BlockRun(Capacity));
            _runs[^1].Begin(_runs[0].First);
        }
    }
}
