namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// The states and masks that one grammar has worked out, within a number of bytes: when they are more, those that were longest of no
/// use are let go, and made again if they are needed again. A state that a sequence stands in stays usable, kept or not.
/// Safe for use by many threads; those that only look at a kept state do not come here.
/// </summary>
internal sealed class StateStore
{
    /// <summary>Marks by which uses are told apart in the time that it takes to fill the store.</summary>
    private const int Marks = 32;

    private readonly GrammarMemory _memory;
    private readonly Lock _gate = new();
    private readonly Dictionary<AutomatonState, AutomatonState> _states = [];
    private long _untilMark;

    /// <param name="memory">Bounds this store and all others.</param>
    public StateStore(GrammarMemory memory)
    {
        _memory = memory;
        _untilMark = memory.StoreLimit / Marks;
        memory.Add(this);
    }

    /// <summary>Bytes kept.</summary>
    public long Bytes { get; private set; }

    /// <summary>States kept.</summary>
    public int Count => _states.Count;

    /// <summary>States let go so far.</summary>
    public long Evicted { get; private set; }

    /// <summary>Counts up as the store is filled: what a state that is used takes note of.</summary>
    public int Clock { get; private set; }

    /// <summary>The kept state that equals <paramref name="state"/>: it itself, unless there is one already.</summary>
    public AutomatonState Keep(AutomatonState state)
    {
        lock (_gate)
        {
            if (_states.TryGetValue(state, out var known))
            {
                known.LastUse = Clock;
                return known;
            }

            state.IsKept = true;
            state.LastUse = Clock;
            _states.Add(state, state);
            Charge(state.Bytes);
        }

        _memory.Check();
        return state;
    }

    /// <summary>A state has become larger.</summary>
    public void Grow(AutomatonState state, int bytes)
    {
        lock (_gate)
        {
            if (!state.IsKept)
            {
                return;
            }

            state.Bytes += bytes;
            Charge(bytes);
        }

        _memory.Check();
    }

    /// <summary>When a sequence last took a token by this grammar, in milliseconds of the machine.</summary>
    public long LastUse { get; private set; } = Environment.TickCount64;

    /// <summary>A sequence takes a token.</summary>
    public void Touch() => LastUse = Environment.TickCount64;

    /// <summary>Lets all go.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            Evict(int.MaxValue);
        }
    }

    private void Charge(int bytes)
    {
        Bytes += bytes;
        _memory.Count(bytes);
        _untilMark -= bytes;
        if (_untilMark <= 0)
        {
            Clock++;
            _untilMark = _memory.StoreLimit / Marks;
        }

        if (Bytes > _memory.StoreLimit)
        {
            MakeRoom();
        }
    }

    /// <summary>Lets a quarter go, or the little more that was last of use at the same time.</summary>
    private void MakeRoom()
    {
        var byUse = new SortedDictionary<int, long>();
        foreach (var state in _states.Values)
        {
            byUse[state.LastUse] = byUse.GetValueOrDefault(state.LastUse) + state.Bytes;
        }

        var surplus = Bytes - (_memory.StoreLimit * 3 / 4);
        foreach (var (use, bytes) in byUse)
        {
            surplus -= bytes;
            if (surplus <= 0)
            {
                Evict(use);
                return;
            }
        }
    }

    private void Evict(int lastUse)
    {
        var before = Bytes;
        foreach (var state in _states.Values)
        {
            if (state.LastUse <= lastUse)
            {
                // What it leads to must not be held by whoever still holds it.
                _states.Remove(state);
                state.IsKept = false;
                state.Next = null;
                state.Mask = null;
                state.RuleMask = null;
                Bytes -= state.Bytes;
                state.Bytes = state.BaseBytes;
                Evicted++;
            }
        }

        _memory.Count(Bytes - before);
        foreach (var state in _states.Values)
        {
            var next = state.Next;
            for (var i = 0; i < next?.Length; i++)
            {
                if (next[i] is { IsKept: false, IsDead: false })
                {
                    next[i] = null;
                }
            }
        }
    }
}
