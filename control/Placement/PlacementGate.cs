namespace Crescent.Control.Placement;

/// <summary>Whether a device may take a call, in the order of preference.</summary>
public enum PlacementGate
{
    /// <summary>It may, and has the blocks for the prompt and the watts now.</summary>
    Open,

    /// <summary>It may, but what it would draw more is over what its node, rack or cluster has left: it would run slower. Only where no gate is open.</summary>
    PowerShort,

    /// <summary>It may take the call into its queue; blocks for the prompt are not free now. Only where no better gate is open.</summary>
    Crowded,

    /// <summary>Its queue is full.</summary>
    Full,

    /// <summary>It takes no new work: only a call that has begun, and only where no better gate is left.</summary>
    Draining,

    /// <summary>Nothing can run on it now: it is sick, being opened, or closed.</summary>
    Closed,

    /// <summary>It was not heard of for too long, or its silo is not active.</summary>
    Stale,

    /// <summary>It has refused or failed this very call.</summary>
    Avoided,

    /// <summary>Prompt and output exceed its context or all of its blocks.</summary>
    TooSmall,

    /// <summary>It serves another model.</summary>
    OtherModel,
}
