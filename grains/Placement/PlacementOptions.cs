using Crescent.Control.Placement;

namespace Crescent.Grains.Placement;

/// <summary>How calls are placed; configuration section <see cref="Section"/>.</summary>
public sealed class PlacementOptions
{
    public const string Section = "Crescent:Placement";
    public const string DefaultPolicy = PlacementPolicies.Default;
    public const double DefaultMoveMargin = DeviceExits.DefaultMargin;
    public const double DefaultReservationLeaseSeconds = 30;

    /// <summary>Highest weight of a term.</summary>
    public const double MaxWeight = 1000;

    /// <summary>Name of the policy, one of <see cref="PlacementPolicies.Names"/>.</summary>
    public string Policy { get; set; } = DefaultPolicy;

    /// <summary>
    /// Weights of <c>power-aware</c>: Energy, Power, Kv, Latency, Stall and Recompute 0 to <see cref="MaxWeight"/>, Margin 0.01 to 1, ShedAbove 0 (never) to <see cref="MaxWeight"/>.
    /// </summary>
    public PowerWeights Weights { get; set; } = new();

    /// <summary>A device that was not heard of for longer takes no calls; 1 to 60 s.</summary>
    public double StaleSeconds { get; set; } = FactoryView.DefaultStaleSeconds;

    /// <summary>Most calls without a first token on a device; 1 and up.</summary>
    public int MaxQueued { get; set; } = FactoryView.DefaultMaxQueued;

    /// <summary>
    /// A call that waits is moved when another device saves this share of the points of its present one, and of at least one point; 0 (never) and up.
    /// </summary>
    public double MoveMargin { get; set; } = DefaultMoveMargin;

    /// <summary>A reservation without a stream lives no longer than this; 1 and up.</summary>
    public double ReservationLeaseSeconds { get; set; } = DefaultReservationLeaseSeconds;

    /// <summary>The policy that they name.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    internal IPlacementPolicy CreatePolicy() => PlacementPolicies.Create(Policy, Weights);
}
