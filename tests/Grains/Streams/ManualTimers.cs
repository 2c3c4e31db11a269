using System.Collections.Concurrent;

namespace Crescent.Tests.Grains.Streams;

/// <summary>Timers that a test fires, over the time of another clock.</summary>
internal sealed class ManualTimers(TimeProvider time) : TimeProvider
{
    private readonly ConcurrentQueue<(TimerCallback Callback, object? State, TimeSpan Due)> _timers = [];

    /// <summary>Of the timers that were asked for.</summary>
    public ConcurrentQueue<TimeSpan> Periods { get; } = [];

    /// <summary>Of the timers that were asked for.</summary>
    public ConcurrentQueue<TimeSpan> DueTimes { get; } = [];

    public override long TimestampFrequency => time.TimestampFrequency;

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _timers.Enqueue((callback, state, dueTime));
        Periods.Enqueue(period);
        DueTimes.Enqueue(dueTime);
        return new NoTimer();
    }

    /// <summary>Fires them all once.</summary>
    public void Fire()
    {
        foreach (var (callback, state, _) in _timers)
        {
            callback(state);
        }
    }

    /// <summary>Fires those once that were asked for after <paramref name="due"/>.</summary>
    public void Fire(TimeSpan due)
    {
        foreach (var (callback, state, _) in _timers.Where(timer => timer.Due == due))
        {
            callback(state);
        }
    }

    private sealed class NoTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
