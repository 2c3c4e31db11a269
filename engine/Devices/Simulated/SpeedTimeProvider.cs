namespace Crescent.Engine.Devices.Simulated;

/// <summary>
/// A clock that runs a number of times faster than another from the moment it is made: the time of simulated devices in a live silo. What
/// reads it, timers included, sees simulated seconds.
/// </summary>
public sealed class SpeedTimeProvider : TimeProvider
{
    private readonly TimeProvider _wall;
    private readonly double _speed;
    private readonly long _origin;
    private readonly DateTimeOffset _utcOrigin;

    /// <summary>A clock <paramref name="speed"/> times as fast as <paramref name="wall"/>; above 0 and at most 1,000,000.</summary>
    public SpeedTimeProvider(double speed, TimeProvider? wall = null)
    {
        if (speed is not (> 0 and <= 1e6))
        {
            throw new ArgumentOutOfRangeException(nameof(speed), speed, "The speed of simulated time must be above 0 and at most 1,000,000.");
        }

        _wall = wall ?? System;
        _speed = speed;
        _origin = _wall.GetTimestamp();
        _utcOrigin = _wall.GetUtcNow();
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => _wall.TimestampFrequency;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => _wall.LocalTimeZone;

    /// <inheritdoc/>
    public override long GetTimestamp() => _origin + (long)((_wall.GetTimestamp() - _origin) * _speed);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _utcOrigin + (_wall.GetElapsedTime(_origin) * _speed);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new SpeedTimer(_wall.CreateTimer(callback, state, Wall(dueTime), Wall(period)), this);

    private TimeSpan Wall(TimeSpan span) => span == Timeout.InfiniteTimeSpan ? span : span / _speed;

    private sealed class SpeedTimer(ITimer timer, SpeedTimeProvider clock) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(clock.Wall(dueTime), clock.Wall(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
