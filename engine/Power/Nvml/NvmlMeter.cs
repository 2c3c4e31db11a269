namespace Crescent.Engine.Power.Nvml;

/// <summary>
/// A GPU's own sensor. Watts are those of this moment where the driver tells them, else its average over the last second; joules are its
/// energy counter's, which moves in steps of some 100 ms. On a machine without a driver all its readings are empty.
/// </summary>
internal sealed class NvmlMeter(INvml nvml, nint device, TimeProvider? time = null) : IPowerMeter
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private ulong _last;
    private ulong _total;
    private bool _hasLast;

    /// <inheritdoc/>
    public string Source => PowerSource.Nvml;

    /// <inheritdoc/>
    public TimeSpan Resolution => TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public PowerReading Read()
    {
        lock (_lock)
        {
            return new PowerReading(Source, _time.GetTimestamp(), ReadWatts(), ReadJoules());
        }
    }

    private double? ReadWatts()
    {
        Span<NvmlFieldValue> fields = [new() { FieldId = NvmlFieldValue.PowerInstant }, new() { FieldId = NvmlFieldValue.PowerAverage }];
        if (nvml.FieldValues(device, fields) == NvmlStatus.Success && (fields[0].Number ?? fields[1].Number) is { } milliwatts)
        {
            return milliwatts / 1e3;
        }

        return nvml.PowerUsage(device, out var usage) == NvmlStatus.Success ? usage / 1e3 : null;
    }

    private double? ReadJoules()
    {
        if (nvml.TotalEnergy(device, out var now) != NvmlStatus.Success)
        {
            return null;
        }

        // A driver that was loaded anew counts from 0 again.
        _total += !_hasLast ? 0 : now >= _last ? now - _last : now;
        _last = now;
        _hasLast = true;
        return _total / 1e3;
    }
}
