using System.Runtime.InteropServices;
using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Says what the blocks of programs are worth between their calls. When a call ends and another is expected, its blocks are taken for something else later than
/// those of which nothing is known, for as long as they are expected to earn more there than a block does in the mean: the chance that the program comes back
/// in the next second, which its own pauses and those of all tell, against how often a free block is found by look-ups. When its next call has come, they are
/// taken last. It is an order of eviction and no more: nobody is refused a block for it, and what is evicted goes to the host tier as ever.
/// </summary>
/// <param name="kv">The blocks.</param>
/// <param name="time">The engine's clock.</param>
/// <param name="counters">Tell how often blocks are found.</param>
internal sealed class ProgramKeeper(KvCache kv, TimeProvider time, SchedulerCounters counters)
{
    /// <summary>Programs that are remembered.</summary>
    public const int MaxPrograms = 4096;

    /// <summary>Weight of the newest measurement in the mean of what blocks earn.</summary>
    private const double Smoothing = 0.2;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Dictionary<ProgramKey, KeptProgram> _programs = [];
    private readonly LinkedList<KeptProgram> _order = [];
    private readonly PriorityQueue<(KeptProgram Program, int Pause), long> _looks = new();
    private readonly GapHistogram _all = new();
    private long _measuredAt = time.GetTimestamp();
    private long _foundBefore;

    /// <summary>How often a free block is found by a look-up in the mean, 1/s.</summary>
    public double Earnings { get; private set; }

    /// <summary>Programs that are remembered.</summary>
    public int Count => _programs.Count;

    /// <summary>A call has come: what its program has left is awaited.</summary>
    public void Come(Sequence sequence)
    {
        if (Key(sequence) is not { } key)
        {
            return;
        }

        if (!_programs.TryGetValue(key, out var program))
        {
            _programs[key] = program = new KeptProgram(key);
            program.Node = _order.AddLast(program);
            Forget();
        }
        else if (program.Calls == 0)
        {
            var pause = time.GetElapsedTime(program.EndedAt).TotalSeconds;
            _all.Add(pause);
            program.Gaps.Add(pause);
            program.Pause++;
            _order.Remove(program.Node!);
            _order.AddLast(program.Node!);
        }

        program.Calls++;
        if (program.Table is not null)
        {
            kv.Value(CollectionsMarshal.AsSpan(sequence.Table.Hashes), KvWorth.Awaited);
        }
    }

    /// <summary>Gives the blocks of a call that has ended back, at what they are worth now.</summary>
    public void Leave(Sequence sequence)
    {
        if (Key(sequence) is not { } key || !_programs.TryGetValue(key, out var program))
        {
            kv.Free(sequence.Table);
            return;
        }

        program.Calls = Math.Max(0, program.Calls - 1);
        if (sequence.Request.EndsProgram)
        {
            kv.Free(sequence.Table);
            kv.Value(program.Hashes, KvWorth.Ordinary);
            Remove(program);
            return;
        }

        // What never ran has nothing to give back, and what is awaited for its sake is not any more.
        var ran = sequence.Computed > 0;
        program.Table = ran ? sequence.Table : program.Table;
        kv.Free(sequence.Table, Worth(program, 0));
        if (program.Calls == 0)
        {
            program.EndedAt = time.GetTimestamp();
            Look(program, 0);
        }
    }

    /// <summary>Looks at those whose pause has come to where they are worth something else.</summary>
    public void Look()
    {
        Measure();
        var now = time.GetTimestamp();
        while (_looks.TryPeek(out var look, out var at) && at <= now)
        {
            _looks.Dequeue();
            if (look.Program.Pause == look.Pause && look.Program is { Calls: 0, Table: not null })
            {
                Look(look.Program, time.GetElapsedTime(look.Program.EndedAt, now).TotalSeconds);
            }
        }
    }

    private void Look(KeptProgram program, double age)
    {
        var worth = Worth(program, age);
        kv.Value(program.Hashes, worth);
        if (worth == KvWorth.Ordinary && age > 0)
        {
            program.Table = null;
            return;
        }

        var next = program.EndedAt + (long)(GapHistogram.NextRange(age) * time.TimestampFrequency);
        _looks.Enqueue((program, program.Pause), next);
    }

    /// <summary>The level of a program's blocks: one for each doubling of the mean that they are expected to earn.</summary>
    private int Worth(KeptProgram program, double age)
    {
        var hazard = _all.Hazard(age, program.Gaps);
        return hazard <= Earnings || hazard == 0 ? KvWorth.Ordinary
            : Earnings == 0 ? KvWorth.Awaited - 1
            : (int)Math.Min(KvWorth.Awaited - 1, KvWorth.Expected + Math.Floor(Math.Log2(hazard / Earnings)));
    }

    private void Measure()
    {
        var passed = time.GetElapsedTime(_measuredAt);
        if (passed < Interval)
        {
            return;
        }

        var found = counters.PrefixHitTokens;
        var blocks = (double)(found - _foundBefore) / kv.BlockSize.Positions;
        var rate = blocks / passed.TotalSeconds / Math.Max(1, kv.FreeBlocks);
        Earnings += Smoothing * (rate - Earnings);
        (_measuredAt, _foundBefore) = (time.GetTimestamp(), found);
    }

    private void Forget()
    {
        for (var node = _order.First; _programs.Count > MaxPrograms && node is not null;)
        {
            var next = node.Next;
            if (node.Value.Calls == 0)
            {
                _all.AddNever();
                kv.Value(node.Value.Hashes, KvWorth.Ordinary);
                Remove(node.Value);
            }

            node = next;
        }
    }

    private void Remove(KeptProgram program)
    {
        program.Pause++;
        program.Table = null;
        _order.Remove(program.Node!);
        _programs.Remove(program.Key);
    }

    private static ProgramKey? Key(Sequence sequence) =>
        sequence.Request is { Program: { } program, WantsEmbedding: false } request ? new ProgramKey(request.Tenant, program) : null;
}
