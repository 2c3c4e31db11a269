namespace Crescent.Control.Power;

/// <summary>How the governor works.</summary>
public sealed record GovernorOptions
{
    /// <summary>Share of a budget above which watts get dearer.</summary>
    public double TargetShare { get; init; } = 0.97;

    /// <summary>How fast: points a second for a level that draws its target once more.</summary>
    public double PriceGain { get; init; } = 2;

    /// <summary>A level may draw this much over its budget, as a share of it, before more is done than lowering caps.</summary>
    public double Tolerance { get; init; } = 0.02;

    /// <summary>How long a level may do so, s.</summary>
    public double PatienceSeconds { get; init; } = 2;

    /// <summary>Readings older than this tell nothing: their device is taken to draw its cap, s.</summary>
    public double StaleSeconds { get; init; } = 3;

    /// <summary>Changes of a cap smaller than this share of it are not ordered.</summary>
    public double DeadBand { get; init; } = 0.02;
}
