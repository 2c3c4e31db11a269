namespace Crescent.Engine.Kv;

/// <summary>States of sequences, on a device that keeps them: a prompt begins again only where one is kept behind a block.</summary>
public sealed partial class KvCache
{
    /// <summary>Whether sequences have a state beside their blocks.</summary>
    public bool HasStates => _states is not null;

    /// <summary>Blocks at the beginning of a sequence of <paramref name="tokens"/> tokens that are on the device, whether or not a state is kept behind them.</summary>
    public int BlocksWithoutState(BlockTable table, int tokens)
    {
        var limit = Math.Min(table.Hashes.Count, BlockSize.FullBlocks(tokens - 1));
        var count = 0;
        while (count < limit && _index.Find(table.Hashes[count]) >= 0)
        {
            count++;
        }

        return count;
    }

    /// <summary>Keeps the state of a sequence that has computed <paramref name="computed"/> positions, a whole number of blocks.</summary>
    /// <param name="table">The sequence's.</param>
    /// <param name="computed">Positions.</param>
    /// <param name="replaces">Whether it takes the place of the last that was kept so.</param>
    public void KeepState(BlockTable table, int computed, bool replaces)
    {
        var blocks = BlockSize.FullBlocks(computed);
        if (_states is null || blocks == 0 || blocks > table.Hashes.Count)
        {
            return;
        }

        var hash = table.Hashes[blocks - 1];
        if (replaces && table.LatestKept is { } latest && latest != hash)
        {
            _states.Drop(latest);
        }

        if (_states.Keep(hash, table.State) && replaces)
        {
            table.LatestKept = hash;
        }
    }

    /// <summary>The most of <paramref name="hashes"/> behind which a state is kept.</summary>
    private int WithState(ReadOnlySpan<BlockHash> hashes)
    {
        var count = hashes.Length;
        while (count > 0 && !_states!.Holds(hashes[count - 1]))
        {
            count--;
        }

        return count;
    }
}
