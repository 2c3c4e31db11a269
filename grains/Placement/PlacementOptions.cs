namespace Crescent.Grains.Placement;

/// <summary>How calls are placed; configuration section <see cref="Section"/>.</summary>
public sealed class PlacementOptions
{
    public const string Section = "Crescent:Placement";
    public const string DefaultPolicy = PowerQueuePolicy.PolicyName;
    public const double DefaultPowerWeight = 0.02;
    public const double DefaultStaleSeconds = 3;
    public const int DefaultMaxQueued = 256;
    public const double DefaultReservationLeaseSeconds = 30;

    /// <summary>Name of the policy: <c>power-queue</c>, <c>least-queue</c> or <c>round-robin</c>.</summary>
    public string Policy { get; set; } = DefaultPolicy;

    /// <summary>Weight of the watts a call adds in <c>power-queue</c>; 0 and up.</summary>
    public double PowerWeight { get; set; } = DefaultPowerWeight;

    /// <summary>A device that was not heard of for longer takes no calls; 1 to 60 s.</summary>
    public double StaleSeconds { get; set; } = DefaultStaleSeconds;

    /// <summary>Most calls without a first token on a device; 1 and up.</summary>
    public int MaxQueued { get; set; } = DefaultMaxQueued;

    /// <summary>A reservation without a stream lives no longer than this; 1 and up.</summary>
    public double ReservationLeaseSeconds { get; set; } = DefaultReservationLeaseSeconds;
}
