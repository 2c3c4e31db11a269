using System.Runtime.InteropServices;
using Crescent.Engine.Devices;

namespace Crescent.Engine.Kv;

/// <summary>
/// Decides which sequence gets the next KV block of one device, and remembers what full blocks hold: a prompt that begins like one
/// before it takes over those blocks. The scheduler asks for positions and never sees the pool.
/// </summary>
/// <remarks>
/// A cached block stays in the free list once nobody holds it, and is found until it is taken for something else; then it goes to
/// the host tier, if there is one. Of blocks with equal content only the first is registered.
/// </remarks>
public sealed partial class KvCache
{
    private readonly BlockPool _pool;
    private readonly IBlockTier? _host;
    private readonly KvEventBuffer? _events;
    private readonly BlockIndex _index;
    private readonly StateSlots? _states;

    // Blocks that are copied in, with the number of the copy: held until then, so that nobody takes one into which something is still written.
    private readonly Queue<(int Block, long Copy)> _arriving = new();
    private readonly long[] _arrivesWith;

    /// <summary>A cache over the blocks 0 to <paramref name="blockCount"/> less one.</summary>
    /// <param name="blockCount">Blocks of the device.</param>
    /// <param name="blockSize">Positions in each of them.</param>
    /// <param name="host">Takes blocks that are evicted from the device.</param>
    /// <param name="events">Takes note of content that is stored and evicted.</param>
    /// <param name="states">States of a device that keeps them: a sequence then begins where one is kept.</param>
    public KvCache(int blockCount, KvBlockSize blockSize, IBlockTier? host = null, KvEventBuffer? events = null, StateSlots? states = null)
    {
        _states = states;
        BlockSize = blockSize;
        _pool = new BlockPool(blockCount);
        _host = host;
        _events = events;
        _index = new BlockIndex(blockCount);
        _arrivesWith = new long[blockCount];
    }

    /// <summary>Positions in a block.</summary>
    public KvBlockSize BlockSize { get; }

    /// <summary>Blocks whose content is being copied in.</summary>
    public int ArrivingBlocks => _arriving.Count;

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
    public int DumpCapacity => TotalBlocks + (_host?.Capacity ?? 0);

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
    /// How much of a sequence of <paramref name="tokens"/> tokens is cached, by its table's hashes. At least one token is always left to compute,
    /// since its logits are needed.
    /// </summary>
    public PrefixMatch Match(BlockTable table, int tokens)
    {
        var limit = Math.Min(table.Hashes.Count, BlockSize.FullBlocks(tokens - 1));
        var hashes = CollectionsMarshal.AsSpan(table.Hashes)[..limit];
        var device = 0;
        while (device < hashes.Length && _index.Find(hashes[device]) >= 0)
        {
            device++;
        }

        if (_states is not null)
        {
            return new PrefixMatch(WithState(hashes[..device]), 0);
        }

        var host = 0;
        while (_host is not null && device + host < limit && _host.Contains(hashes[device + host]) && _index.Find(hashes[device + host]) < 0)
        {
            host++;
        }

        return new PrefixMatch(device, host);
    }

    /// <summary>
    /// About how many positions of a sequence of <paramref name="tokens"/> tokens <see cref="Match"/> would find, in a few look-ups: chains are given up from
    /// their ends, so that the place where one ends is found by halving.
    /// </summary>
    public int CachedPositions(BlockTable table, int tokens)
    {
        var (held, missing) = (0, Math.Min(table.Hashes.Count, BlockSize.FullBlocks(tokens - 1)) + 1);
        while (missing - held > 1)
        {
            var middle = (held + missing) / 2;
            (held, missing) = Contains(table.Hashes[middle - 1]) ? (middle, missing) : (held, middle);
        }

        return BlockSize.PositionsIn(held);
    }

    /// <summary>
    /// Gives an empty <paramref name="table"/> the matched blocks and room up to <paramref name="positions"/> positions, if
    /// <paramref name="spare"/> blocks stay free beyond that. A refusal changes nothing.
    /// </summary>
    /// <returns>False when there are not enough blocks.</returns>
    public bool TryAdopt(BlockTable table, ref PrefixMatch match, int positions, int spare = 0)
    {
        var idle = 0;
        for (var i = 0; i < match.DeviceBlocks; i++)
        {
            idle += _pool.References(_index.Find(table.Hashes[i])) == 0 ? 1 : 0;
        }

        var fresh = Math.Max(BlockSize.BlocksFor(positions), match.Blocks) - match.DeviceBlocks;
        if (idle + fresh + spare > _pool.FreeCount || _states?.CanTake == false)
        {
            return false;
        }

        if (_states is not null)
        {
            table.State = _states.Take(match.DeviceBlocks == 0 ? null : table.Hashes[match.DeviceBlocks - 1]);
        }

        // Hits are held before anything is taken, lest a fresh block be one of them.
        for (var i = 0; i < match.DeviceBlocks; i++)
        {
            var block = _index.Find(table.Hashes[i]);
            _pool.Acquire(block);
            table.Add(block);
            table.ArrivesWith = Math.Max(table.ArrivesWith, _arrivesWith[block]);
        }

        table.Registered = match.DeviceBlocks;
        LoadFromHost(table, ref match);
        return TryGrow(table, positions);
    }

    /// <summary>
    /// Extends <paramref name="table"/> so that it holds <paramref name="positions"/> positions, if <paramref name="spare"/> blocks stay
    /// free beyond that. A refusal changes nothing.
    /// </summary>
    public bool TryGrow(BlockTable table, int positions, int spare = 0)
    {
        var missing = BlockSize.BlocksFor(positions) - table.Count;
        if (missing > 0 && missing + spare > _pool.FreeCount)
        {
            return false;
        }

        for (; missing > 0; missing--)
        {
            table.Add(Take());
        }

        return true;
    }

    /// <summary>Registers the blocks that are full now that <paramref name="computed"/> positions of the table's sequence are computed.</summary>
    public void Register(BlockTable table, int computed)
    {
        var full = Math.Min(BlockSize.FullBlocks(computed), table.Hashes.Count);
        for (; table.Registered < full; table.Registered++)
        {
            Register(table.Blocks[table.Registered], table.Hashes[table.Registered]);
        }
    }

    /// <summary>
    /// Makes <paramref name="copy"/>, a table without blocks whose sequence has the same tokens so far, hold the first <paramref name="positions"/> positions of <paramref name="source"/>: full
    /// blocks are shared, the tail gets a block of its own.
    /// </summary>
    /// <returns>False, and nothing changed, when there is no block for the tail; else the tail to copy, or (-1, -1) when there is none.</returns>
    public bool TryFork(BlockTable source, BlockTable copy, int positions, out (int From, int To) tail)
    {
        tail = (-1, -1);
        var full = BlockSize.FullBlocks(positions);
        var hasTail = BlockSize.Slot(positions) > 0;
        if (hasTail && _pool.FreeCount == 0)
        {
            return false;
        }

        for (var i = 0; i < full; i++)
        {
            _pool.Acquire(source.Blocks[i]);
            copy.Add(source.Blocks[i]);
        }

        copy.Registered = Math.Min(source.Registered, full);
        copy.ArrivesWith = source.ArrivesWith;
        if (hasTail)
        {
            tail = (source.Blocks[full], Take());
            copy.Add(tail.To);
        }

        return true;
    }

    /// <summary>Gives all blocks of <paramref name="table"/> back, the tail first, so that the head of a prompt is reused last.</summary>
    /// <param name="table">The table.</param>
    /// <param name="worth">Of what can be found of them, see <see cref="KvWorth"/>.</param>
    public void Free(BlockTable table, int worth = KvWorth.Ordinary)
    {
        while (table.Count > 0)
        {
            var block = table.RemoveLast();
            _pool.Release(block, _index.Holds(block) ? worth : KvWorth.Nothing);
        }

        table.Registered = 0;
        table.ArrivesWith = 0;
        table.LatestKept = null;
        if (table.State >= 0)
        {
            _states!.Release(table.State);
            table.State = -1;
        }
    }
}
