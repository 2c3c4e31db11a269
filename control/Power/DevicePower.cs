using Crescent.Engine.Devices;

namespace Crescent.Control.Power;

/// <summary>A device as the governor sees it at a moment.</summary>
public readonly record struct DevicePower
{
    /// <summary><c>silo/device</c>.</summary>
    public required string Key { get; init; }

    /// <summary>Its node.</summary>
    public string Node { get; init; }

    /// <summary>Its rack; empty where racks are not told.</summary>
    public string Rack { get; init; }

    /// <summary>What it costs.</summary>
    public required DeviceProfile Profile { get; init; }

    /// <summary>Power as metered, W.</summary>
    public double Watts { get; init; }

    /// <summary>Cap that the device says is in force, W.</summary>
    public double CapWatts { get; init; }

    /// <summary>The last order that it took; null for one that takes each order at once and of nobody else, as in a study.</summary>
    public CapStamp? Stamp { get; init; }

    /// <summary>Which start of the device it is.</summary>
    public long Incarnation { get; init; }

    /// <summary>Age of the reading, s.</summary>
    public double AgeSeconds { get; init; }

    /// <summary>It takes no new work.</summary>
    public bool Draining { get; init; }

    /// <summary>Sequences in the batch.</summary>
    public int Running { get; init; }

    /// <summary>Sequences that wait.</summary>
    public int Waiting { get; init; }

    /// <summary>Prompt tokens not computed yet.</summary>
    public int QueuedPromptTokens { get; init; }

    /// <summary>Prompts not computed yet, in seconds at full clock.</summary>
    public double QueuedPromptSeconds { get; init; }

    /// <summary>Positions of the sequences in its batch.</summary>
    public double ContextTokens { get; init; }

    /// <summary>Share of its time, at full clock, that the prompts take which have come of late.</summary>
    public double PromptShare { get; init; }

    /// <summary>Most tokens in a step.</summary>
    public int MaxStepTokens { get; init; }
}
