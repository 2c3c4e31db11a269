using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>What a device does for programs between their calls: what they have left stays in memory for a time, and under pressure their next call waits.</summary>
internal sealed class ProgramGate
{
    private readonly KvCache _kv;
    private readonly WaitingQueue _waiting;
    private readonly ProgramKeeper? _keeper;
    private readonly HeldCalls? _held;

    /// <param name="kv">The blocks.</param>
    /// <param name="waiting">Where calls that are held come from and go back to.</param>
    /// <param name="options">What is done at all.</param>
    /// <param name="counters">Tell how often blocks are found.</param>
    /// <param name="time">The engine's clock.</param>
    public ProgramGate(KvCache kv, WaitingQueue waiting, EngineOptions options, SchedulerCounters counters, TimeProvider time)
    {
        _kv = kv;
        _waiting = waiting;
        _keeper = options.KeepsPrograms && options.PrefixCache ? new ProgramKeeper(kv, time, counters) : null;
        _held = options.HeldFrom is null ? null : new HeldCalls(options, time);
    }

    /// <summary>The governor's price of power, in points; 0 where there is enough.</summary>
    public double Price { get; set; }

    /// <summary>Calls that are held now.</summary>
    public int HeldCount => _held?.Count ?? 0;

    /// <summary>Tokens that they have to compute before their next output.</summary>
    public long HeldTokens => _held?.Tokens ?? 0;

    /// <summary>Calls that were held until now, each once.</summary>
    public long Holds => _held?.Held ?? 0;

    /// <summary>Of those, calls that were held for want of watts alone.</summary>
    public long HoldsForWatts => _held?.HeldForWatts ?? 0;

    /// <summary>A call has come.</summary>
    public void Come(Sequence sequence) => _keeper?.Come(sequence);

    /// <summary>A step is planned: what is kept is looked at, and calls that were held go on as far as the pressure allows.</summary>
    /// <param name="running">Sequences in the batch.</param>
    public void Open(int running)
    {
        _keeper?.Look();
        if (_held is null)
        {
            return;
        }

        _held.Observe((double)(_kv.TotalBlocks - _kv.FreeBlocks + _kv.KeptBlocks) / _kv.TotalBlocks, Price);
        while (_held.Release(running == 0 && _waiting.Count == 0) is { } sequence)
        {
            _waiting.Unpark(sequence);
        }
    }

    /// <summary>Whether a call whose turn it is has to wait; it is then set aside.</summary>
    /// <param name="sequence">The call.</param>
    /// <param name="cached">Positions of it that are in memory.</param>
    public bool TryHold(Sequence sequence, int cached)
    {
        if (_held?.Holds(sequence, cached) != true)
        {
            return false;
        }

        _waiting.Park(sequence);
        return true;
    }

    /// <summary>A call that is held ends; false when it is not held.</summary>
    public bool Remove(Sequence sequence)
    {
        if (_held?.Remove(sequence) != true)
        {
            return false;
        }

        _waiting.RemoveParked(sequence);
        return true;
    }

    /// <summary>Gives the blocks of a call that has ended back.</summary>
    public void Leave(Sequence sequence)
    {
        if (_keeper is null)
        {
            _kv.Free(sequence.Table);
        }
        else
        {
            _keeper.Leave(sequence);
        }
    }
}
