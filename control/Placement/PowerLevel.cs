namespace Crescent.Control.Placement;

/// <summary>A node, a rack or the cluster, as far as placing calls goes: what it may draw, what it draws, and what a watt costs there.</summary>
public sealed class PowerLevel
{
    /// <summary>Headroom below which a watt costs no more, as a share of the budget: the price stays finite.</summary>
    private const double LeastHeadroom = 0.01;

    /// <summary>Most watts; infinite where nobody set a budget.</summary>
    public double BudgetWatts { get; set; } = double.PositiveInfinity;

    /// <summary>Watts as its devices last reported them.</summary>
    public double Watts { get; set; }

    /// <summary>Watts that calls placed since are expected to add.</summary>
    public double ReservedWatts { get; set; }

    /// <summary>The governor's price, in points for all of the headroom; 0 where power is no concern.</summary>
    public double Price { get; set; }

    /// <summary>Watts left.</summary>
    public double HeadroomWatts => BudgetWatts - Watts - ReservedWatts;

    /// <summary>Adds to what its devices draw and have promised, W.</summary>
    internal void Charge(double watts, double reserved) => (Watts, ReservedWatts) = (Watts + watts, ReservedWatts + reserved);

    /// <summary>What one watt more costs here, in points.</summary>
    public double PointsPerWatt => Price <= 0 ? 0 : Price / Math.Max(HeadroomWatts, LeastHeadroom * BudgetWatts);
}
