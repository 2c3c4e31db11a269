using Crescent.Engine.Devices;

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

        // While guesses are checked its state may be behind some of them.
        var state = table.StateAt == computed ? table.State : table.Spare >= 0 && table.SpareAt == computed ? table.Spare : -1;
        if (state < 0)
        {
            return;
        }

        table.KeptAt = computed;
        var hash = table.Hashes[blocks - 1];
        if (replaces && table.LatestKept is { } latest && latest != hash && _states.Drop(latest))
        {
            Drop(StateSlots.NameOf(latest));
        }

        if (Keep(hash, state, passed) && replaces)
        {
            table.LatestKept = hash;
        }
    }

    /// <summary>Gives a sequence a second state for a step that checks guesses.</summary>
    /// <returns>False when there is none for that.</returns>
    public bool TryTakeSpare(BlockTable table)
    {
        if (table.Spare < 0 && _states!.CanSpare)
        {
            table.Spare = _states.Take(null);
        }

        return table.Spare >= 0;
    }

    /// <summary>A step has done <paramref name="slice"/> of a sequence: its states are as far as that.</summary>
    public static void Advance(BlockTable table, in StepSlice slice)
    {
        table.StateAt = slice.StartPosition + slice.TokenCount;
        table.SpareAt = slice.StartPosition + slice.SpareAfter;
    }

    /// <summary>Of a sequence's guesses those have come true that are computed up to <paramref name="computed"/>: its state goes back where it is behind others.</summary>
    public void SettleState(BlockTable table, int computed)
    {
        if (table.State >= 0 && table.StateAt > computed)
        {
            if (table.Spare < 0 || table.SpareAt > computed)
            {
                throw new InvalidOperationException($"A state is at position {table.StateAt}, and its sequence has come to {computed}.");
            }

            (table.State, table.Spare) = (table.Spare, table.State);
            table.StateAt = table.SpareAt;
        }

        GiveSpareBack(table);
    }

    private void GiveSpareBack(BlockTable table)
    {
        if (table.Spare >= 0)
        {
            _states!.Release(table.Spare);
            table.Spare = -1;
        }
    }

    private bool HasState(BlockHash name, bool inHost) => _states!.HoldsContent(name) || (inHost && _host!.Contains(name));

    /// <summary>Gives a sequence that begins behind a block a state, on a device that keeps them.</summary>
    /// <param name="table">The sequence's.</param>
    /// <param name="blocks">Blocks behind which it begins.</param>
    /// <param name="inHost">The name of the state there, where it is held in the host tier and not on the device.</param>
    private void TakeState(BlockTable table, int blocks, BlockHash? inHost)
    {
        if (_states is null)
        {
            return;
        }

        var start = blocks == 0 ? default(BlockHash?) : table.Hashes[blocks - 1];
        table.State = _states.Take(start);
        table.StateAt = table.KeptAt = BlockSize.PositionsIn(blocks);
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
