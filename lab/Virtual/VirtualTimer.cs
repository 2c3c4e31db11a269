namespace Crescent.Lab.Virtual;

/// <summary>A timer of a <see cref="VirtualClock"/>.</summary>
internal sealed class VirtualTimer(VirtualClock clock, TimerCallback callback, object? state) : ITimer
{
    private Due? _due;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        _due = null;
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            _due = new Due(this, period);
            clock.Schedule(_due, clock.Ticks + dueTime.Ticks);
        }

        return true;
    }

    public void Dispose() => _due = null;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    // What was scheduled before a change is still in the queue and must do nothing.
    private sealed class Due(VirtualTimer timer, TimeSpan period) : IVirtualEvent
    {
        public void Fire()
        {
            if (!ReferenceEquals(timer._due, this))
            {
                return;
            }

            if (period > TimeSpan.Zero)
            {
                timer.Schedule(this, period);
            }

            timer.Call();
        }
    }

    private void Schedule(Due due, TimeSpan after) => clock.Schedule(due, clock.Ticks + after.Ticks);

    private void Call() => callback(state);
}
