using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Decides which sequences take part in the next step and with how many tokens. Sequences that decode go first; what the step's budget leaves is shared by
/// prompts, running and waiting ones in the order of class and age, none of which takes all of it while others wait. When blocks run out, the
/// running sequence of the lowest class that arrived last is preempted: its blocks are freed, its output is kept, and what the
/// cache has lost of it is computed anew later.
/// </summary>
internal sealed partial class Scheduler
{
    private readonly KvCache _kv;
    private readonly KvTransfers _transfers;
    private readonly IDevice _device;
    private readonly Speculation _speculation;
    private readonly StepBudget _budget;
    private readonly WaitingQueue _waiting;
    private readonly PendingPrefixes _pending;
    private readonly Admission _admission;
    private readonly int _stateInterval;
    private readonly int _maxRunning;
    private readonly int _maxWithResumed;
    private readonly List<Sequence> _running = [];
    private readonly RunningPrompts _prompts = new();
    private readonly List<PromptGrant> _grants = [];
    private readonly PromptShares _shares;
    private StepInFlight _step;

    // Positions that sequences which are yet to be planned compute again.
    private int _repeats;

    /// <param name="kv">The blocks.</param>
    /// <param name="copies">Take the tails of forks.</param>
    /// <param name="transfers">Bring copies on their way.</param>
    /// <param name="device">Its limits.</param>
    /// <param name="options">Limits and shares.</param>
    /// <param name="budget">Of a step.</param>
    /// <param name="time">The engine's clock.</param>
    /// <param name="speculation">Whose guesses it plans; told of sequences that end or lose their blocks.</param>
    /// <param name="find">Finds a living sequence by its request's id.</param>
    public Scheduler(
        KvCache kv, KvCopies copies, KvTransfers transfers, IDevice device, EngineOptions options, StepBudget budget, TimeProvider time, Speculation speculation,
        Func<long, Sequence?> find)
    {
        _kv = kv;
        _speculation = speculation;
        _transfers = transfers;
        _device = device;
        _budget = budget;
        _step = new StepInFlight(kv.BlockSize, withTables: false);
        _stateInterval = KeptStates.IntervalFor(budget.MaxTokens);
        _shares = new PromptShares(budget, options.PromptShare);

        // Every running sequence has at least a token and a row of a step.
        var most = Math.Min(device.Info.MaxLogitRows, budget.MaxTokens);
        _maxRunning = Math.Min(options.MaxRunning, most);
        _maxWithResumed = (int)Math.Min((long)options.MaxRunning + options.MaxResumed, most);
        _waiting = new WaitingQueue(options, kv, time);
        _pending = new PendingPrefixes(_waiting, kv.BlockSize);
        Counters = new SchedulerCounters(kv.BlockSize);
        Programs = new ProgramGate(kv, _waiting, options, Counters, time);
        _admission = new Admission(kv, copies, _pending, Counters, (int)Math.Ceiling(kv.TotalBlocks * options.Watermark), find);
    }

    /// <summary>Sequences in the batch, those first that are preempted last.</summary>
    public List<Sequence> Running => _running;

    /// <summary>Sequences that wait.</summary>
    public int WaitingCount => _waiting.Count + _pending.ParkedCount + Programs.HeldCount;

    /// <summary>What is kept for programs, and which of their calls are held.</summary>
    public ProgramGate Programs { get; }

    /// <summary>Blocks that sequences have announced, and sequences that wait for them.</summary>
    public int PendingPrefixCount => _pending.AnnouncedCount + _pending.ParkedCount;

    /// <summary>Tokens that waiting and running sequences have to compute before their next output.</summary>
    public long QueuedTokens { get; private set; }

    /// <summary>How evenly tenants are served, see <see cref="FairnessIndex"/>.</summary>
    public double Fairness => _waiting.Fairness;

    /// <summary>How evenly programs are served, see <see cref="FairnessIndex.OfPrograms"/>.</summary>
    public double ProgramFairness => _waiting.ProgramFairness;

    /// <summary>What the scheduler has counted.</summary>
    public SchedulerCounters Counters { get; }

    /// <summary>Puts a new sequence in the queue.</summary>
    public void Add(Sequence sequence)
    {
        Programs.Come(sequence);
        _waiting.Add(sequence);
    }

    /// <summary>Running sequences that wait for KV: what is copied into their blocks.</summary>
    public int WaitingForKv { get; private set; }

    /// <summary>Takes a sequence out, wherever it is, and frees its blocks.</summary>
    public void Remove(Sequence sequence)
    {
        if (!Programs.Remove(sequence) && !_waiting.Remove(sequence) && !_pending.RemoveParked(sequence) && _running.Remove(sequence))
        {
            _waiting.Stop(sequence);
        }

        _speculation.Leave(sequence);
        Programs.Leave(sequence);
        _pending.Withdraw(sequence);
    }

    /// <summary>Whether the next step computes the newest token of a running sequence.</summary>
    public bool Decodes(Sequence sequence) => sequence.Remaining == 1 && !sequence.WaitsForMask && _kv.IsThere(sequence.Table);

    /// <summary>Fills <paramref name="step"/>; its plan is empty when there is nothing to do.</summary>
    /// <param name="step">The next step.</param>
    /// <param name="ahead">
    /// Whether the one before is still in flight, so that its tokens are not known. Nobody then loses blocks: it may be that one who has them ends with it.
    /// </param>
    /// <returns>False when the step has to wait for the one before: decodes find no blocks.</returns>
    public bool Plan(StepInFlight step, bool ahead = false)
    {
        step.Clear();
        _step = step;
        _grants.Clear();
        _budget.Open();
        Programs.Open(_running.Count);
        var preemptions = Counters.Preemptions;
        Charge();
        if (!PlanDecode(ahead))
        {
            step.Clear();
            return false;
        }

        PlanPrompts(Counters.Preemptions == preemptions, ahead);
        foreach (var (sequence, tokens) in _grants)
        {
            step.Add(sequence, tokens);
        }

        step.Forecast = _budget.Forecast;
        CountQueue();
        _waiting.Measure();
        return true;
    }

    /// <summary>A step has taken so long.</summary>
    public void Took(StepInFlight step, TimeSpan duration) => _budget.Took(step.Forecast, duration);

    /// <summary>A step has done <paramref name="slice"/> of a sequence.</summary>
    public void Advance(Sequence sequence, in StepSlice slice)
    {
        if (_kv.HasStates)
        {
            KvCache.Advance(sequence.Table, slice);
        }
    }

    /// <summary>It is known what has come of a sequence's guesses, if there were any.</summary>
    /// <param name="sequence">It.</param>
    /// <param name="accepted">Guesses that came true.</param>
    /// <param name="used">Of those, guesses whose positions need not be computed again.</param>
    public void EndGuess(Sequence sequence, int accepted, int used)
    {
        if (_kv.HasStates)
        {
            _kv.SettleState(sequence.Table, sequence.Computed);
        }

        sequence.EndGuess(accepted, used);
    }

    /// <summary>
    /// Takes note of what a step computed of a sequence: its full blocks can be found by others from now on.
    /// </summary>
    public void Computed(Sequence sequence, int tokens)
    {
        sequence.Advance(tokens);
        if (sequence.HashRoot is { } root)
        {
            KvCache.Hash(sequence.Table, _kv.BlockSize, root, sequence.Tokens[..sequence.Computed]);
            _kv.Register(sequence.Table, sequence.Computed);
            if (_kv.HasStates)
            {
                KeptStates.Keep(_kv, sequence, _stateInterval);
            }
        }

        if (_kv.HasWindows)
        {
            // Followers go on from where they need it.
            var followers = sequence.Followers is { Count: > 0 } waiting ? waiting : null;
            _kv.Slide(
                sequence.Table, sequence.Table.GoesOnFrom(sequence.Computed),
                [KeptStates.EndOfPrompt(_kv.BlockSize, sequence), sequence.DepartsAt, followers?[0].NeededOfLeader ?? 0, followers?[^1].NeededOfLeader ?? 0]);
        }

        _pending.Settle(sequence);
    }

    /// <summary>Charges tenants for the step before, so that this one's choices know of it.</summary>
    private void Charge()
    {
        for (var i = 0; i < _running.Count; i++)
        {
            _waiting.Charge(_running[i]);
        }
    }

    private bool PlanDecode(bool ahead)
    {
        _repeats = 0;
        for (var i = 0; i < _running.Count && _kv.HasStates; i++)
        {
            _repeats += Decodes(_running[i]) ? _running[i].Repeats : 0;
        }

        for (var i = 0; i < _running.Count; i++)
        {
            var sequence = _running[i];
            if (!Decodes(sequence) || (ahead && sequence.EndsUndrawn))
            {
                continue;
            }

            if (ahead && !_kv.TryGrow(sequence.Table, sequence.Position + 1))
            {
                return false;
            }

            if (GrowOrPreempt(sequence))
            {
                ScheduleDecode(sequence);
            }
        }

        return true;
    }

    /// <summary>False when the sequence itself was the one to be preempted.</summary>
    private bool GrowOrPreempt(Sequence sequence)
    {
        while (!_kv.TryGrow(sequence.Table, sequence.Position + 1))
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
        _waiting.Stop(sequence);
        sequence.DropGuess();
        _speculation.Leave(sequence);
        _kv.Free(sequence.Table);
        _pending.Withdraw(sequence);
        sequence.LoseBlocks();
        _waiting.Return(sequence);
        Counters.Preemptions++;
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

    private void ScheduleDecode(Sequence sequence)
    {
        if (sequence.Undrawn > 0)
        {
            _budget.Decode(sequence.Class, sequence.Position, 0);
            _step.AddDrawn(sequence);
            return;
        }

        var repeats = sequence.Repeats;
        _repeats -= repeats;
        if (_budget.Tokens < 1 + repeats)
        {
            // What others compute again has taken the room; it goes on in the next step.
            return;
        }

        // A token and a row are kept for each running sequence that comes after it, and what it computes again.
        var free = Math.Min(_budget.Tokens - repeats - _repeats, _device.Info.MaxLogitRows - _step.Plan.LogitsRowCount);
        sequence.LimitGuess(free - (_running.Count - _step.Scheduled.Count));
        if (_kv.HasStates)
        {
            sequence.CutGuess(KeptStates.MostGuesses(_kv.BlockSize, sequence));
        }

        if (sequence.GuessCount > 0
            && (!_kv.TryGrow(sequence.Table, sequence.Position + 1 + sequence.GuessCount) || (_kv.HasStates && !_kv.TryTakeSpare(sequence.Table))))
        {
            sequence.LimitGuess(0);
        }

        _budget.Decode(sequence.Class, sequence.Position, sequence.GuessCount + repeats);
        if (sequence.GuessCount == 0)
        {
            _step.Add(sequence, 1);
        }
        else
        {
            _step.AddGuessed(sequence);
        }
    }

    private void CountQueue()
    {
        var queued = _waiting.Tokens + _pending.ParkedTokens + Programs.HeldTokens;
        WaitingForKv = 0;
        for (var i = 0; i < _running.Count; i++)
        {
            queued += _running[i].Remaining - 1;
            WaitingForKv += _kv.IsThere(_running[i].Table) ? 0 : 1;
        }

        QueuedTokens = queued;
    }
}
