namespace Crescent.Lab.Virtual;

/// <summary>
/// Time that passes only when nothing is left to do at its present moment: a queue of events, fired in order of their moments and, at the same
/// moment, in the order in which they were scheduled. All that takes its time from a <see cref="TimeProvider"/> runs in it unchanged, timers
/// included. For one thread.
/// </summary>
public sealed class VirtualClock : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<IVirtualEvent, Moment> _events = new();
    private long _scheduled;

    /// <summary>The present moment, in ticks of 100 ns; it starts at 1 s, since 0 means "never" to some who keep timestamps.</summary>
    public long Ticks { get; private set; } = TimeSpan.TicksPerSecond;

    /// <summary>Virtual time since the clock was made.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Ticks - TimeSpan.TicksPerSecond);

    /// <summary>Events fired so far.</summary>
    public long Fired { get; private set; }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long GetTimestamp() => Ticks;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => Epoch + Elapsed;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Has <paramref name="happening"/> fire at <paramref name="ticks"/>, or now when that has passed.</summary>
    public void Schedule(IVirtualEvent happening, long ticks) => _events.Enqueue(happening, new Moment(Math.Max(ticks, Ticks), _scheduled++));

    /// <summary>Fires events until none is left.</summary>
    public void Run(CancellationToken cancellationToken = default) => Run(TimeSpan.MaxValue, cancellationToken);

    /// <summary>Fires events up to <paramref name="until"/>, counted as <see cref="Elapsed"/>; the clock then stands there if events are left.</summary>
    public void Run(TimeSpan until, CancellationToken cancellationToken = default)
    {
        var end = until == TimeSpan.MaxValue ? long.MaxValue : until.Ticks + TimeSpan.TicksPerSecond;
        while (_events.TryPeek(out var next, out var moment))
        {
            if (moment.Ticks > end)
            {
                Ticks = end;
                return;
            }

            _events.Dequeue();
            Ticks = moment.Ticks;
            if ((++Fired & 0xFFF) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            next.Fire();
        }
    }

    /// <summary>Lets what is running now see a later moment: what it does takes that long. <see cref="Return"/> comes back.</summary>
    internal void Pass(TimeSpan span) => Ticks += span.Ticks;

    /// <summary>Comes back to the moment of the event that is being fired.</summary>
    internal void Return(long ticks) => Ticks = ticks;

    private readonly record struct Moment(long Ticks, long Order) : IComparable<Moment>
    {
        public int CompareTo(Moment other) => Ticks != other.Ticks ? Ticks.CompareTo(other.Ticks) : Order.CompareTo(other.Order);
    }
}
