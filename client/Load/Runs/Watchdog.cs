using System.Diagnostics;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Wire;

namespace Crescent.Client.Load.Runs;

/// <summary>
/// Cuts connections whose calls take too long or are given up, looking at all of them each <see cref="PeriodMs"/>. A cancellation token for each read would cost more than the read.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    private const int PeriodMs = 5;

    private readonly Lock _gate = new();
    private readonly HashSet<Watch> _watches = [];
    private readonly long _timeout;
    private readonly Thread _thread;
    private bool _ended;
    private volatile bool _stopped;

    /// <param name="timeoutSeconds">Longest wait for a sign.</param>
    public Watchdog(double timeoutSeconds)
    {
        _timeout = (long)(timeoutSeconds * Stopwatch.Frequency);
        _thread = new Thread(Turn) { IsBackground = true, Name = "load watchdog" };
        _thread.Start();
    }

    /// <summary>Begins to watch a call.</summary>
    /// <param name="connection">What is cut.</param>
    /// <param name="giveUp">When its user gives it up, in ticks; <see cref="long.MaxValue"/> for never.</param>
    public Watch Begin(Connection connection, long giveUp)
    {
        var watch = new Watch(connection, giveUp);
        lock (_gate)
        {
            _watches.Add(watch);
            if (_ended)
            {
                watch.Cut(CallEnd.Unfinished);
            }
        }

        return watch;
    }

    /// <summary>Ends the watch of a call.</summary>
    public void End(Watch watch)
    {
        lock (_gate)
        {
            _watches.Remove(watch);
        }
    }

    /// <summary>Cuts all calls, those that begin later too.</summary>
    public void CutAll()
    {
        lock (_gate)
        {
            _ended = true;
            foreach (var watch in _watches)
            {
                watch.Cut(CallEnd.Unfinished);
            }
        }
    }

    public void Dispose()
    {
        _stopped = true;
        _thread.Join();
    }

    private void Turn()
    {
        while (!_stopped)
        {
            Thread.Sleep(PeriodMs);
            var now = Stopwatch.GetTimestamp();
            lock (_gate)
            {
                foreach (var watch in _watches)
                {
                    watch.Look(now, _timeout);
                }
            }
        }
    }

    /// <summary>One call that is watched.</summary>
    internal sealed class Watch(Connection connection, long giveUp)
    {
        private long _sign = Stopwatch.GetTimestamp();
        private int _reason = -1;

        /// <summary>Why it was cut; null where it was not.</summary>
        public CallEnd? Reason => Volatile.Read(ref _reason) is >= 0 and var reason ? (CallEnd)reason : null;

        /// <summary>Something has come.</summary>
        public void Sign(long now) => Volatile.Write(ref _sign, now);

        public void Cut(CallEnd reason)
        {
            if (Interlocked.CompareExchange(ref _reason, (int)reason, -1) == -1)
            {
                connection.Cut();
            }
        }

        public void Look(long now, long timeout)
        {
            if (now >= giveUp)
            {
                Cut(CallEnd.Cancelled);
            }
            else if (now - Volatile.Read(ref _sign) > timeout)
            {
                Cut(CallEnd.TimedOut);
            }
        }
    }
}
