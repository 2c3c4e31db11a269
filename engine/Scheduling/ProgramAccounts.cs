namespace Crescent.Engine.Scheduling;

/// <summary>
/// The programs of one class: what each was given, and which call of a tenant is next by that. Bounded: of the programs that have nothing in the engine those
/// are remembered that count as given something, and of them the last <see cref="MaxIdle"/>.
/// </summary>
/// <param name="order">Whether calls go by their programs at all; what those are given is counted all the same.</param>
/// <param name="cachedShare">Share of a sequence's tokens that is in memory, 0 to 1.</param>
/// <param name="aging">Waiting time that halves what a program was given, in ticks of <paramref name="time"/>.</param>
/// <param name="time">Clock of the sequences' timestamps.</param>
internal sealed class ProgramAccounts(QueueOrder order, Func<Sequence, double> cachedShare, long aging, TimeProvider time)
{
    /// <summary>Programs with nothing in the engine that are remembered.</summary>
    public const int MaxIdle = 4096;

    /// <summary>So many programs are looked at for one whose first call's prefix is in memory: more or less those that are next.</summary>
    private const int Window = 16;

    private readonly Dictionary<ProgramKey, ProgramAccount> _known = [];
    private readonly LinkedList<ProgramAccount> _pending = [];
    private readonly LinkedList<ProgramAccount> _idle = [];
    private readonly long _began = time.GetTimestamp();
    private readonly double _waiting = Math.Max(0, (1.0 / aging) - (1.0 / (ProgramAccount.HalfLife.TotalSeconds * time.TimestampFrequency)));

    /// <summary>Named programs that have something waiting or parked.</summary>
    public LinkedList<ProgramAccount> Pending => _pending;

    /// <summary>Programs of which something is known.</summary>
    public int Known => _known.Count;

    private double Now => time.GetElapsedTime(_began) / ProgramAccount.HalfLife;

    /// <summary>The call of <paramref name="account"/> that is next.</summary>
    public Sequence Next(TenantAccount account)
    {
        var programs = account.Programs.Items;
        var best = programs[0];
        if (programs.Length > 1)
        {
            var bestRank = double.MaxValue;
            foreach (var program in programs[..Math.Min(Window, programs.Length)])
            {
                var rank = program.RankWith(cachedShare(program.Waiting.First!));
                if (rank < bestRank)
                {
                    (best, bestRank) = (program, rank);
                }
            }
        }

        return best.Waiting.First!;
    }

    /// <summary>
    /// Whether a waiting call goes before one whose prompt is in progress, of the same tenant: by so much that it is worth to begin another.
    /// </summary>
    public bool Overtakes(Sequence waiting, Sequence running) =>
        order == QueueOrder.Program && waiting.Program is { Key: not null } next && running.Program is { Key: not null } other
        && ReferenceEquals(waiting.Account, running.Account) && !ReferenceEquals(next, other)
        && next.RankOf(waiting, waiting.PromptLeft, waiting.Urgency, _waiting) + 1 < other.RankOf(running, running.Remaining, running.Since, _waiting);

    /// <summary>A sequence has come, or has come back from the batch.</summary>
    public void Enter(Sequence sequence)
    {
        // One that was forgotten while the sequence ran counted as given nothing.
        var program = sequence.Program = sequence.Program is { Key: null } own ? own : Find(sequence);
        if (program.Pending++ == 0 && program.Node is { } node)
        {
            node.List?.Remove(node);
            _pending.AddLast(node);
        }
    }

    /// <summary>A sequence waits and may be started.</summary>
    public void Add(Sequence sequence)
    {
        if (order != QueueOrder.Program)
        {
            return;
        }

        var (program, programs) = (sequence.Program!, sequence.Account!.Programs);
        sequence.QueuedAt = Now;
        sequence.PromptLeft = (1 - cachedShare(sequence)) * sequence.TokenCount;
        if (program.Waiting.Count == 0)
        {
            program.BeginWaiting(Now);
            program.Waiting.Add(sequence);
            program.Rank(_waiting);
            programs.Add(program);
        }
        else
        {
            program.Waiting.Add(sequence);
            Update(program, programs);
        }
    }

    /// <summary>A waiting sequence has become more urgent.</summary>
    public void Raise(Sequence sequence)
    {
        if (order == QueueOrder.Program)
        {
            sequence.Program!.Waiting.Update(sequence);
            Update(sequence.Program, sequence.Account!.Programs);
        }
    }

    /// <summary>A sequence does not wait any more, or may not be started now.</summary>
    public void Remove(Sequence sequence)
    {
        if (order != QueueOrder.Program)
        {
            return;
        }

        var (program, programs) = (sequence.Program!, sequence.Account!.Programs);
        if (program.Waiting.Count == 1)
        {
            programs.Remove(program);
            program.Waiting.Remove(sequence);
        }
        else
        {
            program.Waiting.Remove(sequence);
            Update(program, programs);
        }
    }

    /// <summary>A sequence will not wait again for now.</summary>
    public void Leave(Sequence sequence)
    {
        var program = sequence.Program!;
        if (--program.Pending == 0)
        {
            program.GivenBefore = double.NaN;
            if (program.Node is { } node)
            {
                _pending.Remove(node);
            }

            Rest(program);
        }
    }

    /// <summary>Something was computed of a sequence.</summary>
    public void Charge(Sequence sequence, double work)
    {
        var program = sequence.Program!;
        if (work > 0 && program.Charge(work, Now) && program.Waiting.Count > 0)
        {
            Update(program, sequence.Account!.Programs);
        }
    }

    /// <summary>A sequence has left the batch.</summary>
    public void Stop(Sequence sequence)
    {
        sequence.Program!.Running--;
        Rest(sequence.Program);
    }

    private void Update(ProgramAccount program, IndexedHeap<ProgramAccount> programs)
    {
        program.Rank(_waiting);
        programs.Update(program);
    }

    private ProgramAccount Find(Sequence sequence)
    {
        if (ProgramKey.Of(sequence.Request) is not { } key)
        {
            return new ProgramAccount(null);
        }

        if (!_known.TryGetValue(key, out var program))
        {
            _known[key] = program = new ProgramAccount(key);
            program.Node = new LinkedListNode<ProgramAccount>(program);
        }

        return program;
    }

    /// <summary>Remembers a program that has nothing left in the engine, and forgets those that count as given nothing, or were away longest.</summary>
    private void Rest(ProgramAccount program)
    {
        if (!program.IsIdle || program.Node is not { } node)
        {
            return;
        }

        _idle.AddLast(node);
        while (_idle.First is { Value: var first } && (_idle.Count > MaxIdle || first.Attained(Now) <= ProgramAccount.Least))
        {
            _idle.RemoveFirst();
            _known.Remove(first.Key!.Value);
        }
    }
}
