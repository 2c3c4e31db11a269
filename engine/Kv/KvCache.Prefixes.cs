using System.Runtime.InteropServices;
using Crescent.Engine.Devices;

namespace Crescent.Engine.Kv;

/// <summary>Beginnings that sequences have in common: found by content, or taken over from another sequence.</summary>
public sealed partial class KvCache
{
    /// <summary>
    /// How much of a sequence of <paramref name="tokens"/> tokens is cached, by its table's hashes. At least one token is always left to compute,
    /// since its logits are needed. A beginning can be used when groups of layers that see all have each of its blocks, those with a window the blocks that the next
    /// token sees, and a state is kept behind it where there are states.
    /// </summary>
    public PrefixMatch Match(BlockTable table, int tokens)
    {
        var hashes = KnownHashes(table, tokens);
        var leading = Leading(hashes, inHost: false);
        var device = Usable(hashes[..leading], inHost: false);
        if (_host is null)
        {
            return new PrefixMatch(device, 0);
        }

        return new PrefixMatch(device, Usable(hashes[..(leading + Leading(hashes[leading..], inHost: true))], inHost: true) - device);
    }

    /// <summary>
    /// About how many positions of a sequence of <paramref name="tokens"/> tokens <see cref="Match"/> would find where a sequence can begin behind any block, in a few look-ups (with windows or states it may be less): chains are given up from
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
    /// Blocks at the beginning of a sequence of <paramref name="tokens"/> tokens that are on the device in the groups of layers that see all, whether or not it could
    /// begin behind them.
    /// </summary>
    public int LeadingBlocks(BlockTable table, int tokens) => Leading(KnownHashes(table, tokens), inHost: false);

    /// <summary>
    /// Gives an empty <paramref name="table"/> the matched blocks and room up to <paramref name="positions"/> positions, if
    /// <paramref name="spare"/> blocks stay free beyond that. A refusal changes nothing.
    /// </summary>
    /// <returns>False when there are not enough blocks.</returns>
    public bool TryAdopt(BlockTable table, in PrefixMatch match, int positions, int spare = 0)
    {
        var end = Math.Max(BlockSize.BlocksFor(positions), match.Blocks);
        var needed = (long)_groups.Length * (end - match.Blocks);
        for (var group = 0; group < _groups.Length; group++)
        {
            for (var number = FirstNeeded(group, match.Blocks); number < match.Blocks; number++)
            {
                var block = _index.Find(table.Hashes[number].Of(group));
                needed += block < 0 || _pool.References(block) == 0 ? 1 : 0;
            }
        }

        if (needed + spare > _pool.FreeCount || _states?.CanTake == false)
        {
            return false;
        }

        TakeFound(table, match.Blocks);
        var stateInHost = _states is not null && match.Blocks > 0 && !_states.Holds(table.Hashes[match.Blocks - 1])
            ? StateSlots.NameOf(table.Hashes[match.Blocks - 1])
            : default(BlockHash?);
        if (match.HostBlocks > 0)
        {
            // Taking a block or a state may push others out of the tier, but none that is held there.
            ForMissing(table, static (cache, content, _, _) => cache._host!.Hold(content));
            if (stateInHost is { } name)
            {
                _host!.Hold(name);
            }
        }

        TakeState(table, match.Blocks, stateInHost);
        if (match.HostBlocks > 0)
        {
            LoadFromHost(table);
        }

        table.Registered = match.Blocks;
        return TryGrow(table, positions);
    }

    /// <summary>Whether <paramref name="source"/> still has all that its sequence's first <paramref name="positions"/> positions are gone on from.</summary>
    public bool CanFork(BlockTable source, int positions)
    {
        for (var group = 0; group < source.Runs.Count; group++)
        {
            if (source.Run(group).First > FirstNeededAt(group, positions))
            {
                return false;
            }
        }

        return source.Count >= BlockSize.BlocksFor(positions);
    }

    /// <summary>
    /// Makes <paramref name="copy"/>, a table without blocks whose sequence has the same tokens so far, hold what the first <paramref name="positions"/> positions of
    /// <paramref name="source"/> are gone on from, see <see cref="CanFork"/>: full blocks are shared, the tail gets blocks of its own.
    /// </summary>
    /// <param name="source">Whose blocks they are.</param>
    /// <param name="copy">Gets them.</param>
    /// <param name="positions">Positions.</param>
    /// <param name="copies">Take the tails.</param>
    /// <returns>False, and nothing changed, when there are no blocks for the tail.</returns>
    public bool TryFork(BlockTable source, BlockTable copy, int positions, KvCopies copies)
    {
        var full = BlockSize.FullBlocks(positions);
        var hasTail = BlockSize.Slot(positions) > 0;
        if (hasTail && _pool.FreeCount < _groups.Length)
        {
            return false;
        }

        copy.Open(_groups.Length);
        for (var group = 0; group < _groups.Length; group++)
        {
            var (from, to) = (source.Run(group), copy.Run(group));
            to.Begin(Math.Min(full, FirstNeededAt(group, positions)));
            for (var number = to.First; number < full; number++)
            {
                _pool.Acquire(from[number]);
                to.Add(from[number]);
            }

            if (hasTail)
            {
                var tail = Take();
                to.Add(tail);
                copies.Add(new KvCopy(KvCopyKind.Within, tail, 0, from[full]));
            }
        }

        copy.Registered = Math.Min(source.Registered, full);
        copy.ArrivesWith = source.ArrivesWith;
        return true;
    }

    private Span<BlockHash> KnownHashes(BlockTable table, int tokens) =>
        CollectionsMarshal.AsSpan(table.Hashes)[..Math.Min(table.Hashes.Count, BlockSize.FullBlocks(tokens - 1))];

    private bool Has(BlockHash content, bool inHost) => _index.Find(content) >= 0 || (inHost && _host!.Contains(content));

    /// <summary>Leading blocks of which groups of layers that see all have what they need.</summary>
    private int Leading(ReadOnlySpan<BlockHash> hashes, bool inHost)
    {
        var count = 0;
        while (count < hashes.Length && Has(hashes[count], inHost))
        {
            count++;
        }

        for (var group = 1; group < _groups.Length; group++)
        {
            for (var number = 0; number < count && _groups[group].SeesAll; number++)
            {
                count = Has(hashes[number].Of(group), inHost) ? count : number;
            }
        }

        return count;
    }

    /// <summary>The most leading blocks behind which a sequence can begin, of those that groups of layers that see all have.</summary>
    private int Usable(ReadOnlySpan<BlockHash> hashes, bool inHost) => _places.Last(hashes.Length, new Contents(this, hashes, inHost));

    /// <summary>The first block of positions that a group needs of a sequence that begins behind <paramref name="blocks"/> of them.</summary>
    private int FirstNeeded(int group, int blocks) => FirstNeededAt(group, BlockSize.PositionsIn(blocks));

    private int FirstNeededAt(int group, int position) => BlockSize.FullBlocks(_groups[group].FirstSeen(position));

    /// <summary>Takes what the device has of the first <paramref name="blocks"/> blocks; -1 stands where it has none.</summary>
    private void TakeFound(BlockTable table, int blocks)
    {
        // Hits are held before anything is taken, lest a fresh block be one of them.
        table.Open(_groups.Length);
        for (var group = 0; group < _groups.Length; group++)
        {
            var run = table.Run(group);
            run.Begin(FirstNeeded(group, blocks));
            for (var number = run.First; number < blocks; number++)
            {
                var block = _index.Find(table.Hashes[number].Of(group));
                run.Add(block);
                if (block >= 0)
                {
                    _pool.Acquire(block);
                    table.ArrivesWith = Math.Max(table.ArrivesWith, _arrivesWith[block]);
                }
            }
        }
    }

    /// <summary>Has the host tier, where it is held, fill the places that <see cref="TakeFound"/> has left.</summary>
    private void LoadFromHost(BlockTable table)
    {
        ForMissing(table, static (cache, content, run, number) => run[number] = cache.Load(content));
        for (var group = 0; group < _groups.Length; group++)
        {
            var run = table.Run(group);
            for (var number = run.First; number < run.End; number++)
            {
                table.ArrivesWith = Math.Max(table.ArrivesWith, _arrivesWith[run[number]]);
                Register(run[number], table.Hashes[number], group);
            }
        }
    }

    private void ForMissing(BlockTable table, Action<KvCache, BlockHash, BlockRun, int> act)
    {
        for (var group = 0; group < _groups.Length; group++)
        {
            var run = table.Run(group);
            for (var number = run.First; number < run.End; number++)
            {
                if (run[number] < 0)
                {
                    act(this, table.Hashes[number].Of(group), run, number);
                }
            }
        }
    }

    private int Load(BlockHash content)
    {
        var block = Take();
        var copy = _host!.Load(content, block);
        _host.LetGo(content);
        _arriving.Enqueue((block, copy));
        _pool.Acquire(block);
        _arrivesWith[block] = copy;
        return block;
    }

    private readonly ref struct Contents(KvCache cache, ReadOnlySpan<BlockHash> hashes, bool inHost) : IKvContents
    {
        private readonly ReadOnlySpan<BlockHash> _hashes = hashes;

        public bool Has(int number, int group) => group == KvPlaces.StateGroup
            ? cache.HasState(StateSlots.NameOf(_hashes[number]), inHost)
            : cache.Has(_hashes[number].Of(group), inHost);
    }
}
