using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Engine.Devices.Cpu.Threads;

/// <summary>
/// A fixed team of dedicated threads, the caller of <see cref="Run"/> being thread 0. Between two runs the others spin for a
/// moment, since a running engine comes back at once, and then park, so that an idle device uses no processor.
/// </summary>
internal sealed class ComputeTeam : IDisposable
{
    // The silo may share its cores with others: a thread that waits for one that is not running must give way, first for a turn and then until it
    // is woken.
    private const int SpinsBeforeYield = 1_000;
    private const int YieldsBeforeSleep = 100;

    private static readonly long SpinTicks = Stopwatch.Frequency / 2_000; // 0.5 ms

    private readonly Member[] _members;
    private readonly object _sleep = new();
    private int _sleeping;
    private Line _epoch;
    private Line _arrived;
    private Line _generation;
    private Line _finished;
    private ITeamWork? _work;
    private volatile bool _stopping;

    /// <summary>Starts <paramref name="count"/> - 1 threads.</summary>
    public ComputeTeam(int count, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Count = count;
        _members = new Member[count - 1];
        for (var i = 0; i < _members.Length; i++)
        {
            var member = new Member(i + 1);
            _members[i] = member;
            member.Thread = new Thread(() => Loop(member)) { IsBackground = true, Name = $"{name} compute {i + 1}" };
            member.Thread.Start();
        }
    }

    /// <summary>Threads, the caller of <see cref="Run"/> among them.</summary>
    public int Count { get; }

    /// <summary>Threads that are parked; a figure of the moment.</summary>
    public int Parked => _members.Count(static member => Volatile.Read(ref member.Parked) == 1);

    /// <summary>The part of 0 .. <paramref name="count"/> - 1 that falls to <paramref name="thread"/>.</summary>
    public (int First, int End) Share(int count, int thread) =>
        ((int)((long)count * thread / Count), (int)((long)count * (thread + 1) / Count));

    /// <summary>Runs <paramref name="work"/> on all threads and returns when all are through.</summary>
    public void Run(ITeamWork work)
    {
        if (_members.Length > 0)
        {
            _work = work;
            Volatile.Write(ref _finished.Value, 0);
            Interlocked.Increment(ref _epoch.Value);
            foreach (var member in _members)
            {
                if (Volatile.Read(ref member.Parked) == 1 && Interlocked.Exchange(ref member.Parked, 0) == 1)
                {
                    member.Wake.Set();
                }
            }
        }

        work.Run(0);
        WaitUntil(ref _finished.Value, _members.Length);
    }

    /// <summary>Waits, within a run, until all threads have come here.</summary>
    public void Barrier()
    {
        if (_members.Length == 0)
        {
            return;
        }

        var generation = Volatile.Read(ref _generation.Value);
        if (Interlocked.Increment(ref _arrived.Value) == Count)
        {
            Volatile.Write(ref _arrived.Value, 0);
            Interlocked.Exchange(ref _generation.Value, generation + 1);
            WakeSleepers();
            return;
        }

        WaitUntil(ref _generation.Value, generation + 1);
    }

    public void Dispose()
    {
        _stopping = true;
        foreach (var member in _members)
        {
            member.Wake.Set();
            member.Thread!.Join();
            member.Dispose();
        }
    }

    /// <summary>Waits until a counter, which goes up by one at a time and no further, is at <paramref name="value"/>.</summary>
    private void WaitUntil(ref int counter, int value)
    {
        for (var spins = 0; Volatile.Read(ref counter) != value; spins++)
        {
            if (spins < SpinsBeforeYield)
            {
                Pause();
            }
            else if (spins < SpinsBeforeYield + YieldsBeforeSleep)
            {
                Thread.Yield();
            }
            else
            {
                Sleep(ref counter, value);
                return;
            }
        }
    }

    private void Sleep(ref int counter, int value)
    {
        lock (_sleep)
        {
            // Announce first, look again after: whoever counts up either sees the announcement or is seen.
            Interlocked.Increment(ref _sleeping);
            while (Volatile.Read(ref counter) != value)
            {
                Monitor.Wait(_sleep);
            }

            Interlocked.Decrement(ref _sleeping);
        }
    }

    /// <summary>Wakes those that wait for a counter, after it went up by an interlocked operation.</summary>
    private void WakeSleepers()
    {
        if (Volatile.Read(ref _sleeping) > 0)
        {
            lock (_sleep)
            {
                Monitor.PulseAll(_sleep);
            }
        }
    }

    private static void Pause()
    {
        if (X86Base.IsSupported)
        {
            X86Base.Pause();
        }
        else
        {
            Thread.SpinWait(1);
        }
    }

    private void Loop(Member member)
    {
        for (var seen = 0; ; seen++)
        {
            AwaitEpochAfter(seen, member);
            if (_stopping)
            {
                return;
            }

            _work!.Run(member.Index);
            Interlocked.Increment(ref _finished.Value);
            WakeSleepers();
        }
    }

    private void AwaitEpochAfter(int seen, Member member)
    {
        var start = Stopwatch.GetTimestamp();
        for (var spins = 1; Volatile.Read(ref _epoch.Value) == seen && !_stopping; spins++)
        {
            Pause();
            if (spins % 256 != 0)
            {
                continue;
            }

            if (Stopwatch.GetTimestamp() - start < SpinTicks)
            {
                continue;
            }

            // Announce first, look again after: whoever starts a run either sees the announcement or is seen.
            Interlocked.Exchange(ref member.Parked, 1);
            if (Volatile.Read(ref _epoch.Value) == seen && !_stopping)
            {
                member.Wake.WaitOne();
            }

            Volatile.Write(ref member.Parked, 0);
        }
    }

    /// <summary>A counter in cache lines of its own.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Line
    {
        [FieldOffset(128)]
        public int Value;
    }

    private sealed class Member(int index) : IDisposable
    {
        public readonly int Index = index;
        public readonly AutoResetEvent Wake = new(false);
        public Thread? Thread;
        public int Parked;

        public void Dispose() => Wake.Dispose();
    }
}
