using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Decides which sequences take part in the next step and with how many tokens. One budget covers decode and prefill; running
/// sequences go first, the decoding ones before all, so that a long prompt never delays a token. When blocks run out, the
/// running sequence of the lowest class that arrived last is preempted: its blocks are freed, its output is kept, and what the
/// cache has lost of it is computed anew later.
/// </summary>
internal sealed class Scheduler(KvCache kv, IDevice device, int stepTokens, int maxRunning, WaitingQueue waiting, Func<long, Sequence?> find)
{
    /// <summary>Share of all blocks that stays free when a sequence is admitted beside others, so that those can go on.</summary>
    private const double Watermark = 0.01;

    private readonly List<Sequence> _running = [];
    private readonly List<ScheduledSequence> _scheduled = [];
    private readonly PendingPrefixes _pending = new();
    private readonly int _spareBlocks = (int)Math.Ceiling(kv.TotalBlocks * Watermark);
    private int _budget;

    /// <summary>Sequences in the batch, those first that are preempted last.</summary>
    public List<Sequence> Running => _running;

    /// <summary>Sequences that wait.</summary>
    public int WaitingCount => waiting.Count + _pending.ParkedCount;

    /// <summary>Tokens that waiting and running sequences have to compute before their next output.</summary>
    public long QueuedTokens { get; private set; }

    /// <summary>What the scheduler has counted.</summary>
    public SchedulerCounters Counters { get; } = new();

    /// <summary>The sequences of the last plan, in its order.</summary>
    public List<ScheduledSequence> Scheduled => _scheduled;

    /// <summary>Puts a new sequence in the queue.</summary>
    public void Add(Sequence sequence) => waiting.Add(sequence);

    /// <summary>Takes a sequence out, wherever it is, and frees its blocks.</summary>
    public void Remove(Sequence sequence)
    {
        if (!waiting.Remove(sequence) && !_pending.RemoveParked(sequence))
        {
            _running.Remove(sequence);
        }

        Release(sequence);
    }

    /// <summary>Fills <paramref name="plan"/> with the next step; empty when there is nothing to do.</summary>
    public void Plan(StepPlan plan)
    {
        plan.Clear();
        _scheduled.Clear();
        _budget = stepTokens;
        var preemptions = Counters.Preemptions;
        PlanDecode(plan);
        PlanPrefill(plan);
        if (Counters.Preemptions == preemptions)
        {
            _pending.Unpark(waiting);
            Admit(plan);
        }

        CountQueue();
    }

    /// <summary>
    /// Takes note of what a step computed of a sequence: its full blocks can be found by others from now on.
    /// </summary>
    public void Computed(Sequence sequence, int tokens)
    {
        sequence.Computed += tokens;
        if (sequence.HashRoot is { } root)
        {
            KvCache.Hash(sequence.Table, root, sequence.Tokens[..sequence.Computed]);
            kv.Register(sequence.Table, sequence.Computed);
            _pending.Settle(sequence);
        }
    }

    private void PlanDecode(StepPlan plan)
    {
        for (var i = 0; i < _running.Count && _budget > 0; i++)
        {
            var sequence = _running[i];
            if (sequence.Remaining == 1 && GrowOrPreempt(sequence))
            {
                GrantDecode(plan, sequence);
            }
        }
    }

    private void PlanPrefill(StepPlan plan)
    {
        for (var i = 0; i < _running.Count && _budget > 0; i++)
        {
            var sequence = _running[i];
            if (sequence.Remaining > 1 && kv.TryGrow(sequence.Table, sequence.Computed + Math.Min(sequence.Remaining, _budget)))
            {
                Grant(plan, sequence, Math.Min(sequence.Remaining, _budget));
            }
        }

        if (_scheduled.Count == 0 && _running.Count > 0)
        {
            // No running sequence can go on, so none will give blocks back: the first gets those of the last.
            var sequence = _running[0];
            var grant = Math.Min(sequence.Remaining, _budget);
            while (!kv.TryGrow(sequence.Table, sequence.Computed + grant))
            {
                Preempt(_running[^1]);
            }

            Grant(plan, sequence, grant);
        }
    }

    private void Admit(StepPlan plan)
    {
        while (_running.Count < maxRunning && _budget > 0 && plan.LogitsRowCount < device.Info.MaxLogitRows && waiting.Next() is { } sequence)
        {
            var match = kv.Match(sequence.Table, sequence.TokenCount);
            if (WaitsForOther(sequence, match, out var leader))
            {
                waiting.Remove(sequence);
                _pending.Park(sequence, leader);
            }
            else if (TryTakeBlocks(sequence, match, leader))
            {
                waiting.Start(sequence);
                InsertRunning(sequence);
                _pending.Announce(sequence);
                Counters.CountStart(sequence);
                Grant(plan, sequence, Math.Min(sequence.Remaining, _budget));
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>
    /// True when another sequence is about to compute what this one needs next, so that waiting for it is cheaper.
    /// </summary>
    private bool WaitsForOther(Sequence sequence, PrefixMatch match, out Sequence? leader)
    {
        leader = sequence.Request.ForkOf is { } id ? find(id) : null;
        if (leader is not null && leader.Order < sequence.Order)
        {
            return leader.Computed < SharedWith(leader, sequence);
        }

        leader = _pending.ComputingNext(sequence, match.Blocks);
        return leader is not null;
    }

    /// <summary>Positions that a fork can take over: all but the last token of what the two have in common.</summary>
    private static int SharedWith(Sequence leader, Sequence sequence) =>
        Math.Min(leader.Tokens.CommonPrefixLength(sequence.Tokens), sequence.TokenCount - 1);

    private bool TryTakeBlocks(Sequence sequence, PrefixMatch match, Sequence? leader)
    {
        var spare = _running.Count > 0 ? _spareBlocks : 0;
        if (leader is not null && SharedWith(leader, sequence) is var shared && shared > match.Blocks * StepPlan.BlockSize)
        {
            return TryFork(sequence, leader, shared, spare);
        }

        var start = match.Blocks * StepPlan.BlockSize;
        var target = start + Math.Min(sequence.TokenCount - start, _budget);
        if (!kv.TryAdopt(sequence.Table, ref match, target, spare))
        {
            return false;
        }

        sequence.Computed = match.Blocks * StepPlan.BlockSize;
        Counters.CountLookUp(sequence, match);
        return true;
    }

    private bool TryFork(Sequence sequence, Sequence leader, int shared, int spare)
    {
        var target = shared + Math.Min(sequence.TokenCount - shared, _budget);
        if (KvCache.BlocksFor(target) - (shared / StepPlan.BlockSize) + spare > kv.FreeBlocks
            || !kv.TryFork(leader.Table, sequence.Table, shared, out var tail))
        {
            return false;
        }

        if (tail.From >= 0)
        {
            device.CopyBlock(tail.From, tail.To);
        }

        sequence.Computed = shared;
        Counters.CountFork(sequence, shared);
        return kv.TryGrow(sequence.Table, target);
    }

    /// <summary>False when the sequence itself was the one to be preempted.</summary>
    private bool GrowOrPreempt(Sequence sequence)
    {
        while (!kv.TryGrow(sequence.Table, sequence.Computed + 1))
        {
            var last = _running[^1];
            Preempt(last);
            if (ReferenceEquals(last, sequence))
            {
                return false;
            }
        }

        return true;
    }

    private void Preempt(Sequence sequence)
    {
        _running.RemoveAt(_running.Count - 1);
        Release(sequence);
        sequence.Computed = 0;
        waiting.AddPreempted(sequence);
        Counters.Preemptions++;
    }

    private void Release(Sequence sequence)
    {
        kv.Free(sequence.Table);
        _pending.Withdraw(sequence);
    }

    /// <summary>Keeps the running sequences in the order of class and arrival.</summary>
    private void InsertRunning(Sequence sequence)
    {
        var at = _running.Count;
        while (at > 0 && sequence.CompareTo(_running[at - 1]) < 0)
        {
            at--;
        }

        _running.Insert(at, sequence);
    }

    private void GrantDecode(StepPlan plan, Sequence sequence)
    {
        var guess = sequence.Guess(Math.Min(_budget - 1, device.Info.MaxLogitRows - plan.LogitsRowCount - (_running.Count - _scheduled.Count)));
        if (guess.Length == 0 || !kv.TryGrow(sequence.Table, sequence.Computed + 1 + guess.Length))
        {
            sequence.DropGuess();
            Grant(plan, sequence, 1);
            return;
        }

        var row = plan.Add(sequence.LastTokenAndGuess, sequence.Computed, sequence.Table.Blocks, LogitsWanted.All);
        _scheduled.Add(new ScheduledSequence(sequence, 1, row));
        _budget -= 1 + guess.Length;
    }

    private void Grant(StepPlan plan, Sequence sequence, int tokens)
    {
        var embeds = sequence.Pool is not null;
        var last = !embeds && sequence.Computed + tokens == sequence.TokenCount;
        var hidden = embeds ? plan.HiddenRowCount : -1;
        var row = plan.Add(
            sequence.Tokens.Slice(sequence.Computed, tokens),
            sequence.Computed,
            sequence.Table.Blocks,
            last ? LogitsWanted.Last : LogitsWanted.None,
            embeds);
        _scheduled.Add(new ScheduledSequence(sequence, tokens, last ? row : -1, hidden));
        _budget -= tokens;
    }

    private void CountQueue()
    {
        var queued = waiting.Tokens + _pending.ParkedTokens;
        for (var i = 0; i < _running.Count; i++)
        {
            queued += _running[i].Remaining - 1;
        }

        QueuedTokens = queued;
    }
}
