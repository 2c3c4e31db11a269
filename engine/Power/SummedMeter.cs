namespace Crescent.Engine.Power;

/// <summary>What several parts of a device draw together. A figure that one of them lacks is missing.</summary>
public sealed class SummedMeter : IPowerMeter
{
    private readonly IReadOnlyList<IPowerMeter> _parts;

    private SummedMeter(IReadOnlyList<IPowerMeter> parts) => _parts = parts;

    /// <inheritdoc/>
    public string Source => _parts[0].Source;

    /// <inheritdoc/>
    public TimeSpan Resolution => _parts.Max(static part => part.Resolution);

    /// <summary>The meter of some that are of one source; itself where there is one.</summary>
    /// <param name="parts">At least one, all with the same time.</param>
    public static IPowerMeter Of(IReadOnlyList<IPowerMeter> parts)
    {
        ArgumentOutOfRangeException.ThrowIfZero(parts.Count);
        return parts.Count == 1 ? parts[0] : new SummedMeter(parts);
    }

    /// <inheritdoc/>
    public PowerReading Read()
    {
        var sum = _parts[0].Read();
        for (var i = 1; i < _parts.Count; i++)
        {
            // A sum with what is missing is missing.
            var part = _parts[i].Read();
            sum = sum with { Timestamp = part.Timestamp, Watts = sum.Watts + part.Watts, Joules = sum.Joules + part.Joules };
        }

        return sum;
    }
}
