using Crescent.Engine.Devices;

namespace Crescent.Control.Placement;

/// <summary>A call that was placed on a device and has not ended.</summary>
internal sealed class Reservation
{
    /// <summary><c>silo/device</c>.</summary>
    public required string Device { get; set; }

    /// <summary>The call.</summary>
    public required PlacementCall Call { get; init; }

    /// <summary>Prompt tokens that no cache holds.</summary>
    public required int Uncached { get; init; }

    /// <summary>What computing them takes, in seconds at full clock.</summary>
    public required double PromptSeconds { get; init; }

    /// <summary>KV blocks of its prompt that no cache holds.</summary>
    public required int NewBlocks { get; init; }

    /// <summary>Its KV blocks at their longest.</summary>
    public required int Blocks { get; init; }

    /// <summary>Watts it was expected to add.</summary>
    public required double Watts { get; init; }

    /// <summary>How many calls of other front ends it stands for.</summary>
    public required int Others { get; init; }

    /// <summary>When it was made, in seconds of the view's clock.</summary>
    public required double MadeAt { get; init; }

    /// <summary>What the device had reported when it took the call.</summary>
    public DeviceLoad Before { get; set; }

    /// <summary>Prompts that had been placed there since, here and as far as that tells elsewhere, in seconds at full clock.</summary>
    public double UnseenBefore { get; set; }

    /// <summary>Reports with a higher number than this count the call.</summary>
    public long AcceptedAfter { get; set; } = long.MaxValue;

    /// <summary>Whether a report counts it, so that it is load no more.</summary>
    public bool Seen { get; set; }

    /// <summary>Prompts that are still to be computed before this one's, in seconds at full clock, if those that came first go first. Those that left without being computed count on, up to all that waits there.</summary>
    /// <param name="load">What the device has reported now.</param>
    /// <param name="profile">Its profile.</param>
    public double Ahead(in DeviceLoad load, DeviceProfile profile) =>
        Math.Max(0, Before.QueuedSeconds(profile) + UnseenBefore - Math.Max(0, load.ComputedSeconds(profile) - Before.ComputedSeconds(profile)));
}
