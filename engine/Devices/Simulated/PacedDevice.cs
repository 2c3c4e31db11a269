namespace Crescent.Engine.Devices.Simulated;

/// <summary>
/// A simulated device that takes its time: each step ends when its modelled duration has passed on a clock that may run faster than the
/// wall's. Until then its engine may do something else; then it sleeps on the engine's own thread, as a real device makes that thread wait.
/// </summary>
public sealed class PacedDevice(IDevice device, double speed = 1, TimeProvider? wall = null) : IDevice
{
    /// <summary>How far a step may lag behind the clock before the lag is forgiven: more would be caught up in a burst.</summary>
    private static readonly TimeSpan MaxLag = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider _wall = wall ?? TimeProvider.System;
    private readonly double _speed = speed is > 0 and <= 1e6
        ? speed
        : throw new ArgumentOutOfRangeException(nameof(speed), speed, "The speed of simulated time must be above 0 and at most 1,000,000.");

    private readonly CopyLine _copies = new(TimeSpan.FromSeconds(device.Info.BlockCopySeconds / speed));
    private long _origin = -1;
    private TimeSpan _began;
    private TimeSpan _due;
    private TimeSpan _returned;

    /// <inheritdoc/>
    public DeviceInfo Info { get; } = device.Info with { StepsInFlight = 1 };

    /// <inheritdoc/>
    public IDeviceSampler? Sampler => device.Sampler;

    /// <inheritdoc/>
    public void Begin(StepPlan plan)
    {
        _began = Now();
        device.Begin(plan);
    }

    /// <inheritdoc/>
    public StepResult End()
    {
        var result = device.End();

        // Steps that follow at once are due on one time line, so that a sleep that was too long shortens the next.
        var goesOn = _began - _returned < TimeSpan.FromMilliseconds(1) && _began - _due < MaxLag;
        _due = (goesOn ? _due : _began) + (result.Duration / _speed);
        var wait = _due - Now();
        if (wait >= TimeSpan.FromMilliseconds(1))
        {
            Thread.Sleep(TimeSpan.FromMilliseconds(Math.Floor(wait.TotalMilliseconds)));
        }

        _returned = Now();
        return result;
    }

    /// <inheritdoc/>
    public void CopyBlock(int from, int to) => device.CopyBlock(from, to);

    /// <inheritdoc/>
    public void BeginCopies(ReadOnlySpan<KvCopy> copies)
    {
        device.BeginCopies(copies);
        _copies.Add(copies, Now());
    }

    /// <inheritdoc/>
    public long CopiesDone => _copies.Done(Now());

    /// <inheritdoc/>
    public void WaitForCopy()
    {
        if (_copies.NextDue is { } due && due - Now() is { Ticks: > 0 } wait)
        {
            Thread.Sleep(wait);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => device.Dispose();

    private TimeSpan Now()
    {
        if (_origin < 0)
        {
            _origin = _wall.GetTimestamp();
        }

        return _wall.GetElapsedTime(_origin);
    }
}
