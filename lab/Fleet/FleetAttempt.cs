using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;

namespace Crescent.Lab.Fleet;

/// <summary>A call on one device. One that moves begins again on another: what the former attempt still puts out is nobody's.</summary>
internal sealed class FleetAttempt
{
    public required FleetCall Call { get; init; }

    /// <summary>Number of the device.</summary>
    public required int Device { get; init; }

    /// <summary>When the device was given it.</summary>
    public required double At { get; init; }

    /// <summary>What placement knows of the call.</summary>
    public required PlacementCall Needs { get; init; }

    /// <summary>Prompt tokens that no cache was known to hold.</summary>
    public required int Uncached { get; init; }

    /// <summary>What computing them takes on its device, s at full clock.</summary>
    public double PromptSeconds { get; set; }

    /// <summary>What the device computes; null once it has begun to answer, since a call that has begun stays.</summary>
    public InferenceRequest? Request { get; set; }

    /// <summary>Whether its prompt counts as queued on the device no more.</summary>
    public bool HasBegun { get; set; }
}
