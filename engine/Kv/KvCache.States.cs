namespace Crescent.Engine.Kv;

/// <summary>States of sequences, on a device that keeps them: a prompt begins again only where one is kept behind a block.</summary>
public sealed partial class KvCache
{
    /// <summary>Whether sequences have a state beside their blocks.</summary>
    public bool HasStates => _states is not null;

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
}
