using Crescent.Engine.Devices;

namespace Crescent.Engine.Kv;

/// <summary>
/// Decides which sequence gets the next KV block of one device, and remembers what full blocks hold: a prompt that begins like one
/// before it takes over those blocks. The scheduler asks for positions and never sees the pool.
/// </summary>
/// <remarks>
/// A cached block stays in the free list once nobody holds it, and is found until it is taken for something else; then it goes to
/// the host tier, if there is one. Of blocks with equal content only the first is registered. Each group of layers has a block of its own for a block of positions, all
/// of them from one pool.
/// </remarks>
public sealed partial class KvCache
{
    private readonly BlockPool _pool;
    private readonly IBlockTier? _host;
    private readonly KvEventBuffer? _events;
    private readonly BlockIndex _index;
    private readonly StateSlots? _states;
    private readonly KvReach[] _groups;
    private readonly bool _hasWindows;
    private readonly KvPlaces _places;

    // Groups whose content is told: the first, and one of those that see equally far. And the blocks that hold it.
    private readonly bool[] _tells;
    private readonly bool[] _isTold;

    // Blocks that are copied in, with the number of the copy: held until then, so that nobody takes one into which something is still written.
    private readonly Queue<(int Block, long Copy)> _arriving = new();
    private readonly long[] _arrivesWith;
    private readonly List<BlockHash> _dropped = [];

    /// <summary>A cache over the blocks 0 to <paramref name="blockCount"/> less one.</summary>
    /// <param name="blockCount">Blocks of the device.</param>
    /// <param name="blockSize">Positions in each of them.</param>
    /// <param name="host">Takes blocks and states that are evicted from the device.</param>
    /// <param name="events">Takes note of content that is stored and evicted.</param>
    /// <param name="states">States of a device that keeps them: a sequence then begins where one is kept.</param>
    /// <param name="groups">How far the layers of each group see, the first all positions; null for one group.</param>
    public KvCache(
        int blockCount, KvBlockSize blockSize, IBlockTier? host = null, KvEventBuffer? events = null, StateSlots? states = null, IReadOnlyList<KvReach>? groups = null)
    {
        _states = states;
        states?.GivesUp = GiveUpState;
        _groups = [.. groups ?? [default]];
        ArgumentOutOfRangeException.ThrowIfNotEqual(_groups[0].SeesAll, true, nameof(groups));
        _hasWindows = !_groups.All(static reach => reach.SeesAll);
        _places = new KvPlaces(
            blockSize, states is not null, [.. _groups.Select(static (reach, group) => (group, reach)).Where(static pair => !pair.reach.SeesAll)]);
        _tells = [.. _groups.Select((reach, group) => Array.IndexOf(_groups, reach) == group)];
        _isTold = new bool[blockCount];
        BlockSize = blockSize;
        _pool = new BlockPool(blockCount);
        _host = host;
        _events = events;
        _index = new BlockIndex(blockCount);
        _arrivesWith = new long[blockCount];
    }

    /// <summary>Positions in a block.</summary>
    public KvBlockSize BlockSize { get; }

    /// <summary>Groups of layers: blocks for a block of positions.</summary>
    public int Groups => _groups.Length;

    /// <summary>Blocks and states whose content is being copied in.</summary>
    public int ArrivingCount => _arriving.Count + (_states?.ArrivingCount ?? 0);

    /// <summary>Number of the last copy that is known to be done.</summary>
    public long Arrived { get; private set; }

    /// <summary>Blocks to be had, cached ones that nobody holds among them.</summary>
    public int FreeBlocks => _pool.FreeCount;

    /// <summary>Of those, blocks whose content is expected to be used again.</summary>
    public int KeptBlocks => _pool.KeptCount;

    /// <summary>Blocks in all.</summary>
    public int TotalBlocks => _pool.Count;

    /// <summary>Blocks on the device that can be found by their hash.</summary>
    public int CachedBlocks => _index.Count;

    /// <summary>Hashes that a dump has at the most.</summary>
    public int DumpCapacity => TotalBlocks + (_host?.Capacity ?? 0) + (_states?.Count ?? 0);

    /// <summary>True when the content can be found, in any tier.</summary>
    public bool Contains(BlockHash hash) => _index.Find(hash) >= 0 || _host?.Contains(hash) == true;

    /// <summary>Whether all that <paramref name="table"/>'s blocks are to hold from elsewhere is there.</summary>
    public bool IsThere(BlockTable table) => table.ArrivesWith <= Arrived;

    /// <summary>Extends the hashes of <paramref name="table"/> over the full blocks, <paramref name="blockSize"/> each, of <paramref name="tokens"/>.</summary>
    public static void Hash(BlockTable table, KvBlockSize blockSize, BlockHash root, ReadOnlySpan<int> tokens)
    {
        var hashes = table.Hashes;
        for (var full = blockSize.FullBlocks(tokens.Length); hashes.Count < full;)
        {
            var parent = hashes.Count == 0 ? root : hashes[^1];
            hashes.Add(parent.Next(tokens.Slice(blockSize.PositionsIn(hashes.Count), blockSize.Positions)));
        }
    }

    /// <summary>
    /// Takes the hashes of the full blocks of <paramref name="tokens"/> from who has made them. The first and the last are made once more: those of another
    /// model, salt, size of block or prompt are left alone, and made here.
    /// </summary>
    public static void Adopt(BlockTable table, KvBlockSize blockSize, BlockHash root, ReadOnlySpan<BlockHash> chain, ReadOnlySpan<int> tokens)
    {
        var full = Math.Min(chain.Length, blockSize.FullBlocks(tokens.Length));
        var same = full > 0;
        foreach (var block in same ? [0, full - 1] : Array.Empty<int>())
        {
            var parent = block == 0 ? root : chain[block - 1];
            same &= parent.Next(tokens.Slice(blockSize.PositionsIn(block), blockSize.Positions)) == chain[block];
        }

        if (same)
        {
            table.Hashes.AddRange(chain[..full]);
        }
    }

    /// <summary>
    /// Extends <paramref name="table"/> so that it holds <paramref name="positions"/> positions, if <paramref name="spare"/> blocks stay
    /// free beyond that. A refusal changes nothing.
    /// </summary>
    public bool TryGrow(BlockTable table, int positions, int spare = 0)
    {
        var missing = BlockSize.BlocksFor(positions) - table.Count;
        if (missing <= 0)
        {
            return true;
        }

        if (((long)missing * _groups.Length) + spare > _pool.FreeCount)
        {
            return false;
        }

        table.Open(_groups.Length);
        for (; missing > 0; missing--)
        {
            for (var group = 0; group < _groups.Length; group++)
            {
                table.Run(group).Add(Take());
            }
        }

        return true;
    }

    /// <summary>Registers the blocks that are full now that <paramref name="computed"/> positions of the table's sequence are computed.</summary>
    public void Register(BlockTable table, int computed)
    {
        var full = Math.Min(BlockSize.FullBlocks(computed), table.Hashes.Count);
        for (; table.Registered < full; table.Registered++)
        {
            for (var group = 0; group < _groups.Length; group++)
            {
                if (table.Registered >= table.Run(group).First)
                {
                    Register(table.Run(group)[table.Registered], table.Hashes[table.Registered], group);
                }
            }
        }
    }

    /// <summary>Gives all blocks of <paramref name="table"/> back, the tail first, so that the head of a prompt is reused last.</summary>
    /// <param name="table">The table.</param>
    /// <param name="worth">Of what can be found of them, see <see cref="KvWorth"/>.</param>
    public void Free(BlockTable table, int worth = KvWorth.Ordinary)
    {
        for (var number = table.Count - 1; number >= 0; number--)
        {
            for (var group = table.Runs.Count - 1; group >= 0; group--)
            {
                if (number >= table.Run(group).First)
                {
                    var block = table.Run(group).RemoveLast();
                    _pool.Release(block, _index.Holds(block) ? worth : KvWorth.Nothing);
                }
            }
        }

        foreach (var run in table.Runs)
        {
            run.Begin(0);
        }

        table.Registered = 0;
        table.ArrivesWith = 0;
        table.LatestKept = null;
        if (table.State >= 0)
        {
            _states!.Release(table.State);
            table.State = -1;
            table.StateAt = table.KeptAt = 0;
        }

        GiveSpareBack(table);
    }
}
