namespace Crescent.Control.Power;

/// <summary>How the governor works.</summary>
public sealed record GovernorOptions
{
    /// <summary>Share of a budget above which watts get dearer.</summary>
    public double TargetShare { get; init; } = 0.97;

    /// <summary>How fast: points a second for a level that draws its target once more.</summary>
    public double PriceGain { get; init; } = 2;

    /// <summary>Highest price, in points.</summary>
    public double HighestPrice { get; init; } = 50;

    /// <summary>Longest time between two looks that counts for a price, s: one that was away must not make it jump.</summary>
    public double LongestLook { get; init; } = 2;

    /// <summary>A level may draw this much over its budget, as a share of it, before more is done than lowering caps.</summary>
    public double Tolerance { get; init; } = 0.02;

    /// <summary>How long a level may do so before the next thing is done, s.</summary>
    public double PatienceSeconds { get; init; } = 2;

    /// <summary>How long a level must draw less than <see cref="TargetShare"/> of its budget before the last thing is undone, s.</summary>
    public double RestoreSeconds { get; init; } = 10;

    /// <summary>
    /// Readings older than this tell nothing: their device is taken to draw its cap, s. A governor that starts raises nothing for as long, since it
    /// may not have heard of every device yet.
    /// </summary>
    public double StaleSeconds { get; init; } = 3;

    /// <summary>After this long without a governor a device falls back to its lowest cap, s; 2 s more, and one that left counts with that.</summary>
    public double LeaseSeconds { get; init; } = 10;

    /// <summary>How long the lowest cap of a device that left is kept for its return, s.</summary>
    public double AbsentSeconds { get; init; } = 600;

    /// <summary>Changes of a cap smaller than this share of it are not ordered.</summary>
    public double DeadBand { get; init; } = 0.02;
}
