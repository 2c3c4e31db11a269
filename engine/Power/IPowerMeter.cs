namespace Crescent.Engine.Power;

/// <summary>Measures, or models, what a device draws. Any thread may read it, several at once.</summary>
public interface IPowerMeter
{
    /// <summary>See <see cref="PowerSource"/>.</summary>
    string Source { get; }

    /// <summary>How often its figures change: what is shorter it cannot tell apart.</summary>
    TimeSpan Resolution { get; }

    /// <summary>Reads it now. Never throws: what cannot be read is missing from the reading.</summary>
    PowerReading Read();
}
