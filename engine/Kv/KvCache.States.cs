namespace Crescent.Engine.Kv;

/// <summary>States of sequences, on a device that keeps them: a prompt begins again only where one is kept behind a block, here or in the host tier.</summary>
public sealed partial class KvCache
{
    /// <summary>Whether sequences have a state beside their blocks.</summary>
    public bool HasStates => _states is not null;

    /// <summary>Keeps the state of a sequence that has computed <paramref name="computed"/> positions, a whole number of blocks.</summary>
    /// <param name="table">The sequence's.</param>
    /// <param name="computed">Positions.</param>
    /// <param name="replaces">Whether it takes the place of the last that was kept so.</param>
    /// <param name="passed">Whether the sequence goes on from there and others are not likely to: the first to be given up, and not worth a copy to the host.</param>
    public void KeepState(BlockTable table, int computed, bool replaces, bool passed = false)
    {
        var blocks = BlockSize.FullBlocks(computed);
        if (_states is null || blocks == 0 || blocks > table.Hashes.Count)
        {
            return;
        }

        var hash = table.Hashes[blocks - 1];
        if (replaces && table.LatestKept is { } latest && latest != hash && _states.Drop(latest))
        {
            Drop(StateSlots.NameOf(latest));
        }

        if (Keep(hash, table.State, passed) && replaces)
        {
            table.LatestKept = hash;
        }
    }

    private bool HasState(BlockHash name, bool inHost) => _states!.HoldsContent(name) || (inHost && _host!.Contains(name));

    /// <summary>Gives a sequence that begins behind a block a state, on a device that keeps them.</summary>
    /// <param name="table">The sequence's.</param>
    /// <param name="start">The block behind which it begins; null at the beginning.</param>
    /// <param name="inHost">The name of the state there, where it is held in the host tier and not on the device.</param>
    private void TakeState(BlockTable table, BlockHash? start, BlockHash? inHost)
    {
        if (_states is null)
        {
            return;
        }

        table.State = _states.Take(start);
        if (inHost is { } name)
        {
            var copy = _host!.LoadState(name, table.State);
            _host.LetGo(name);
            _states.Expect(table.State, start!.Value, copy);
            table.ArrivesWith = Math.Max(table.ArrivesWith, copy);
        }
    }

    /// <summary>What has come from the host tier is kept on the device again, for others that begin there. Its sequence goes on from it with the next step.</summary>
    private void ArriveStates(long copy)
    {
        while (_states?.TryArrive(copy, out var arrived) == true)
        {
            Keep(arrived.Hash, arrived.Slot, passed: false);
        }
    }

    private bool Keep(BlockHash hash, int state, bool passed)
    {
        var (name, isNew) = (StateSlots.NameOf(hash), !_states!.Holds(hash));
        if (!_states.Keep(hash, state, passed))
        {
            return false;
        }

        if (isNew && _host?.Contains(name) != true)
        {
            _events?.Add(KvEventKind.Stored, name);
        }

        return true;
    }

    /// <summary>A kept state makes room for another: it goes to the host tier, where there is one.</summary>
    private void GiveUpState(BlockHash name, int state)
    {
        _dropped.Clear();
        var passed = _states!.IsPassed(name);
        if (_host is not null && !passed)
        {
            _host.StoreState(name, state, _dropped);
        }

        if (_host?.Contains(name) != true)
        {
            _events?.Add(KvEventKind.Evicted, name);
        }

        foreach (var dropped in _dropped)
        {
            if (dropped != name)
            {
                Drop(dropped);
            }
        }
    }
}
