namespace Crescent.Grains.Frames;

/// <summary>Times and energy of a stream over all its attempts.</summary>
internal sealed class StreamTotals
{
    /// <summary>Attempts that a device took.</summary>
    public int Attempts { get; set; }

    public TimeSpan Queue { get; set; }

    public TimeSpan Prefill { get; set; }

    public TimeSpan Decode { get; set; }

    /// <summary>Those of <see cref="EstimatedJoules"/> among them.</summary>
    public double Joules { get; set; }

    /// <summary>For tokens whose device died before it could tell.</summary>
    public double EstimatedJoules { get; set; }

    /// <summary>Of the first attempt that told; null when none did.</summary>
    public int? CachedTokens { get; set; }

    /// <summary>Whether any of it was simulated.</summary>
    public bool Simulated { get; set; }

    /// <summary>Where the joules come from.</summary>
    public SortedSet<string> Sources { get; } = new(StringComparer.Ordinal);
}
