namespace Crescent.Engine.Power;

/// <summary>What a meter said at one moment. Any figure may be missing: a meter that cannot be read gives none.</summary>
/// <param name="Source">See <see cref="PowerSource"/>.</param>
/// <param name="Timestamp">When it was read: <see cref="TimeProvider.GetTimestamp"/> of the meter's time.</param>
/// <param name="Watts">Power now, or over the meter's own short window; null where it has none.</param>
/// <param name="Joules">Energy since the meter was opened, never falling; null where it has none.</param>
public readonly record struct PowerReading(string Source, long Timestamp, double? Watts, double? Joules)
{
    /// <summary>Whether it says anything.</summary>
    public bool IsAvailable => Watts is not null || Joules is not null;

    /// <summary>How old it is by <paramref name="time"/>, which must be the meter's.</summary>
    public TimeSpan Age(TimeProvider time) => time.GetElapsedTime(Timestamp);
}
