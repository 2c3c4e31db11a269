namespace Crescent.Engine.Devices.Simulated;

/// <summary>Limits of a simulated device.</summary>
public sealed record SimulatedDeviceOptions
{
    public const int DefaultMaxStepTokens = 8192;
    public const int DefaultMaxLogitRows = 4096;
    public const int DefaultBlockSize = 16;

    /// <summary>Most tokens in a step; 1 and up.</summary>
    public int MaxStepTokens { get; init; } = DefaultMaxStepTokens;

    /// <summary>Most rows of logits in a step: the largest batch; 1 and up.</summary>
    public int MaxLogitRows { get; init; } = DefaultMaxLogitRows;

    /// <summary>Positions a sequence may have, or 0 for the model's; never more than the device's memory holds.</summary>
    public int MaxContext { get; init; }

    /// <summary>Positions in a KV block: a power of two, <see cref="KvBlockSize.Least"/> to <see cref="KvBlockSize.Most"/>.</summary>
    public int BlockSize { get; init; } = DefaultBlockSize;

    /// <summary>The node that it stands in; null for that of its silo.</summary>
    public string? Node { get; init; }

    /// <summary>The rack that it stands in; null for that of its silo.</summary>
    public string? Rack { get; init; }

    /// <summary>What kernels reach.</summary>
    public TimingParameters Timing { get; init; } = TimingParameters.Default;
}
