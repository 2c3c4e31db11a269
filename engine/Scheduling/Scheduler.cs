using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Decides which sequences take part in the next step and with how many tokens. One budget covers decode and prefill; running
/// sequences go first, the decoding ones before all, so that a long prompt never delays a token; waiting sequences are admitted in
/// order of arrival. When blocks run out, the youngest running sequence is preempted: its blocks are freed, its output is
/// kept, and it is computed anew later.
/// </summary>
internal sealed class Scheduler(KvCache kv, int stepTokens, int maxRunning)
{
    /// <summary>Share of all blocks that stays free when a sequence is admitted beside others, so that those can go on.</summary>
    private const double Watermark = 0.01;

    private readonly List<Sequence> _running = [];
    private readonly LinkedList<Sequence> _waiting = [];
    private readonly List<ScheduledSequence> _scheduled = [];
    private readonly int _spareBlocks = (int)Math.Ceiling(kv.TotalBlocks * Watermark);
    private int _budget;

    /// <summary>Sequences in the batch, the oldest first.</summary>
    public IReadOnlyList<Sequence> Running => _running;

    /// <summary>Sequences that wait, the next first.</summary>
    public IReadOnlyCollection<Sequence> Waiting => _waiting;

    /// <summary>Times a sequence lost its blocks.</summary>
    public long Preemptions { get; private set; }

    /// <summary>The sequences of the last plan, in its order.</summary>
    public IReadOnlyList<ScheduledSequence> Scheduled => _scheduled;

    /// <summary>Puts a sequence at the end of those that wait.</summary>
    public void Add(Sequence sequence) => _waiting.AddLast(sequence);

    /// <summary>Takes a sequence out, wherever it is, and frees its blocks.</summary>
    public void Remove(Sequence sequence)
    {
        if (!_running.Remove(sequence))
        {
            _waiting.Remove(sequence);
        }

        kv.Free(sequence.Table);
    }

    /// <summary>Fills <paramref name="plan"/> with the next step; empty when there is nothing to do.</summary>
    public void Plan(StepPlan plan)
    {
        plan.Clear();
        _scheduled.Clear();
        _budget = stepTokens;
        var preemptions = Preemptions;
        PlanDecode(plan);
        PlanPrefill(plan);
        if (Preemptions == preemptions)
        {
            Admit(plan);
        }
    }

    private void PlanDecode(StepPlan plan)
    {
        for (var i = 0; i < _running.Count && _budget > 0; i++)
        {
            var sequence = _running[i];
            if (sequence.Remaining == 1 && GrowOrPreempt(sequence))
            {
                Grant(plan, sequence, 1);
            }
        }
    }

    private void PlanPrefill(StepPlan plan)
    {
        for (var i = 0; i < _running.Count && _budget > 0; i++)
        {
            var sequence = _running[i];
            if (sequence.Remaining == 1)
            {
                continue;
            }

            var grant = Math.Min(sequence.Remaining, _budget);
            if (kv.TryGrow(sequence.Table, sequence.Computed + grant))
            {
                Grant(plan, sequence, grant);
            }
            else if (_scheduled.Count == 0 && i == _running.Count - 1)
            {
                // Nothing else can go on, so nothing will free blocks: the oldest gets those of the youngest.
                sequence = _running[0];
                grant = Math.Min(sequence.Remaining, _budget);
                while (!kv.TryGrow(sequence.Table, sequence.Computed + grant))
                {
                    Preempt(_running[^1]);
                }

                Grant(plan, sequence, grant);
            }
        }
    }

    private void Admit(StepPlan plan)
    {
        while (_waiting.First is { } first && _running.Count < maxRunning && _budget > 0)
        {
            var sequence = first.Value;
            var grant = Math.Min(sequence.Remaining, _budget);
            if (!kv.TryGrow(sequence.Table, sequence.Computed + grant, _running.Count > 0 ? _spareBlocks : 0))
            {
                return;
            }

            _waiting.RemoveFirst();
            _running.Add(sequence);
            Grant(plan, sequence, grant);
        }
    }

    /// <summary>False when the sequence itself was the youngest and lost its blocks.</summary>
    private bool GrowOrPreempt(Sequence sequence)
    {
        while (!kv.TryGrow(sequence.Table, sequence.Computed + 1))
        {
            var youngest = _running[^1];
            Preempt(youngest);
            if (ReferenceEquals(youngest, sequence))
            {
                return false;
            }
        }

        return true;
    }

    private void Preempt(Sequence sequence)
    {
        _running.RemoveAt(_running.Count - 1);
        kv.Free(sequence.Table);
        sequence.Computed = 0;
        _waiting.AddFirst(sequence);
        Preemptions++;
    }

    private void Grant(StepPlan plan, Sequence sequence, int tokens)
    {
        var last = sequence.Computed + tokens == sequence.TokenCount;
        var row = plan.Add(
            sequence.Tokens.Slice(sequence.Computed, tokens),
            sequence.Computed,
            sequence.Table.Blocks,
            last ? LogitsWanted.Last : LogitsWanted.None);
        _scheduled.Add(new ScheduledSequence(sequence, tokens, last ? row : -1));
        _budget -= tokens;
    }
}
