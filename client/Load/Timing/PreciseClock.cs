using System.Diagnostics;

namespace Crescent.Client.Load.Timing;

/// <summary>
/// Wakes what waits for a moment within some 100 us of it, on a thread of its own: timers of the thread pool go by milliseconds and allocate for each wait.
/// Times are those of <see cref="Stopwatch.GetTimestamp"/>.
/// </summary>
internal sealed class PreciseClock : IDisposable
{
    private static readonly long Near = Stopwatch.Frequency / 500;
    private static readonly long LongestNap = Stopwatch.Frequency / 2000;

    private readonly Lock _gate = new();
    private readonly PriorityQueue<PreciseTimer, long> _waiting = new();
    private readonly ManualResetEventSlim _news = new(initialState: false, spinCount: 0);
    private readonly Thread _thread;
    private bool _stopped;

    public PreciseClock(string name)
    {
        _thread = new Thread(Turn) { IsBackground = true, Name = name, Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    /// <summary>Now.</summary>
    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>Seconds as ticks.</summary>
    public static long Ticks(double seconds) => (long)(seconds * Stopwatch.Frequency);

    /// <summary>Ticks as seconds.</summary>
    public static double Seconds(long ticks) => (double)ticks / Stopwatch.Frequency;

    /// <summary>Waits until <paramref name="due"/>, at once where it has passed or the clock has stopped.</summary>
    /// <param name="due">When.</param>
    /// <param name="timer">The caller's own, not in use.</param>
    public ValueTask Until(long due, PreciseTimer timer)
    {
        bool first;
        ValueTask wait;
        lock (_gate)
        {
            if (_stopped || due <= Now)
            {
                return ValueTask.CompletedTask;
            }

            wait = timer.Begin();
            first = !_waiting.TryPeek(out _, out var next) || due < next;
            _waiting.Enqueue(timer, due);
        }

        if (first)
        {
            _news.Set();
        }

        return wait;
    }

    /// <summary>Wakes all that wait, and whoever waits later at once.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
        }

        _news.Set();
    }

    public void Dispose()
    {
        Stop();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
            _news.Dispose();
        }
    }

    private void Turn()
    {
        var due = new List<PreciseTimer>();
        while (true)
        {
            long wait;
            bool stopped;
            lock (_gate)
            {
                stopped = _stopped;
                wait = Take(due);
                _news.Reset();
            }

            foreach (var timer in due)
            {
                timer.Fire();
            }

            if (stopped && due.Count == 0)
            {
                return;
            }

            if (due.Count > 0)
            {
                due.Clear();
                continue;
            }

            if (wait > Near)
            {
                _news.Wait(wait == long.MaxValue ? Timeout.Infinite : (int)Math.Min(60_000, (wait - (Near / 2)) * 1000 / Stopwatch.Frequency));
            }
            else
            {
                Nap.Sleep(Math.Min(wait, LongestNap));
            }
        }
    }

    /// <summary>Moves what is due into <paramref name="due"/>; how long until the next, in ticks.</summary>
    private long Take(List<PreciseTimer> due)
    {
        var now = Now;
        while (_waiting.TryPeek(out var timer, out var at))
        {
            if (at > now && !_stopped)
            {
                return at - now;
            }

            _waiting.Dequeue();
            due.Add(timer);
        }

        return long.MaxValue;
    }
}
