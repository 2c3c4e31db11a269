namespace Crescent.Engine.Kv;

/// <summary>What blocks hold: where content is found, comes from and goes to, and what it is worth.</summary>
public sealed partial class KvCache
{
    /// <summary>All that can be found now, in any tier, copied into <paramref name="room"/>.</summary>
    /// <param name="room">At least <see cref="DumpCapacity"/> long; it belongs to the dump from now on.</param>
    public KvDump Dump(BlockHash[] room)
    {
        var count = 0;
        for (var block = 0; block < TotalBlocks; block++)
        {
            if (_index.Holds(block) && _isTold[block])
            {
                room[count++] = _index.HashOf(block);
            }
        }

        count += _host?.CopyHashes(room.AsSpan(count)) ?? 0;
        count += _states?.CopyHashes(room.AsSpan(count)) ?? 0;
        return new KvDump(_events?.Epoch ?? 0, _events?.LastId ?? 0, room.AsMemory(0, count));
    }

    /// <summary>The copies up to number <paramref name="copy"/> are done.</summary>
    public void Arrive(long copy)
    {
        Arrived = copy;
        while (_arriving.TryPeek(out var next) && next.Copy <= copy)
        {
            _pool.Release(_arriving.Dequeue().Block);
        }

        ArriveStates(copy);
    }

    /// <summary>Gives what is on the device and held by nobody of <paramref name="hashes"/> another worth, the tail first.</summary>
    /// <returns>How many blocks that were.</returns>
    public int Value(ReadOnlySpan<BlockHash> hashes, int worth)
    {
        var count = 0;
        var end = _hasWindows ? Usable(hashes[..Leading(hashes, inHost: false)], inHost: false) : hashes.Length;
        for (var i = hashes.Length - 1; i >= 0; i--)
        {
            // The last that is put to the awaited ones is taken first.
            var number = worth == KvWorth.Awaited ? hashes.Length - 1 - i : i;
            for (var group = _groups.Length - 1; group >= 0; group--)
            {
                // Of windows only what is seen from where it would be gone on.
                if (number >= FirstNeeded(group, end) && _index.Find(hashes[number].Of(group)) is >= 0 and var block && _pool.References(block) == 0)
                {
                    _pool.Move(block, worth);
                    count++;
                }
            }
        }

        return count;
    }

    /// <summary>Throws when an invariant is broken, given the tables of all living sequences.</summary>
    public void CheckIntegrity(IEnumerable<BlockTable> tables)
    {
        _pool.CheckIntegrity();
        _host?.CheckIntegrity();
        _states?.CheckIntegrity(tables.SelectMany(static table => (int[])[table.State, table.Spare]).Where(static state => state >= 0));
        var holders = new int[_pool.Count];
        foreach (var (block, _) in _arriving)
        {
            holders[block]++;
        }

        foreach (var table in tables)
        {
            foreach (var run in table.Runs)
            {
                Require(run.End == table.Count, $"a group has blocks up to {run.End}, another up to {table.Count}");
                foreach (var block in run.Blocks)
                {
                    holders[block]++;
                }
            }
        }

        for (var block = 0; block < holders.Length; block++)
        {
            Require(holders[block] == _pool.References(block), $"block {block} is held {_pool.References(block)} times but stands in {holders[block]} tables");
            Require(
                !_index.Holds(block) || _index.Find(_index.HashOf(block)) == block,
                $"block {block} counts as cached but its hash does not find it");
        }

        Require(Enumerable.Range(0, TotalBlocks).Count(_index.Holds) == _index.Count, $"{_index.Count} hashes are known, other than there are cached blocks");
    }

    private static void Require(bool condition, string fault)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"The KV cache is broken: {fault}.");
        }
    }

    private int Take()
    {
        var block = _pool.Take();
        if (_index.Holds(block))
        {
            var passed = _pool.Worth(block) == KvWorth.Passed;
            var hash = _index.HashOf(block);
            _index.Remove(block);
            _dropped.Clear();
            if (_host is null || passed)
            {
                _dropped.Add(hash);
            }
            else
            {
                _host.Store(hash, block, _dropped);
            }

            foreach (var dropped in _dropped)
            {
                if (dropped != hash || _isTold[block])
                {
                    Drop(dropped);
                }
            }
        }

        return block;
    }

    private void Drop(BlockHash hash)
    {
        // What the tier dropped may have been computed anew on the device since, and what the device passes by may be in the tier.
        if (_index.Find(hash) < 0 && _states?.HoldsContent(hash) != true && _host?.Contains(hash) != true)
        {
            _events?.Add(KvEventKind.Evicted, hash);
        }
    }

    private void Register(int block, BlockHash hash, int group)
    {
        hash = hash.Of(group);
        if (_index.Holds(block) || !_index.TryAdd(hash, block))
        {
            return;
        }

        _isTold[block] = _tells[group];
        if (_tells[group] && (_host is null || !_host.Contains(hash)))
        {
            _events?.Add(KvEventKind.Stored, hash);
        }
    }
}
