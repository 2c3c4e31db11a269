namespace Crescent.Grains.Placement;

/// <summary>Whether a device may take a call, in the order of preference.</summary>
public enum PlacementGate
{
    /// <summary>It may, and has the blocks for the prompt now.</summary>
    Open,

    /// <summary>It may take the call into its queue; blocks for the prompt are not free now. Only where no gate is open.</summary>
    Crowded,

    /// <summary>Its queue is full.</summary>
    Full,

    /// <summary>Its silo takes no new work.</summary>
    Draining,

    /// <summary>It was not heard of for too long, or its silo is not active.</summary>
    Stale,

    /// <summary>It has just refused this very call.</summary>
    Avoided,

    /// <summary>Prompt and output exceed its context or all of its blocks.</summary>
    TooSmall,
}
