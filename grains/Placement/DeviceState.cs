using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Placement;

/// <summary>One device in a <see cref="FactoryView"/>: its newest report and what this silo has placed on it since.</summary>
public struct DeviceState
{
    /// <summary>The silo that owns it.</summary>
    public required SiloAddress Silo { get; init; }

    /// <summary>Name of that silo.</summary>
    public required string SiloName { get; init; }

    /// <summary><c>silo/device</c>.</summary>
    public required string Key { get; init; }

    /// <summary>Its newest report.</summary>
    public required DeviceReport Report { get; set; }

    /// <summary>Sequence number of the report.</summary>
    public long Sequence { get; set; }

    /// <summary>When the report came, in seconds of the view's clock.</summary>
    public double HeardAt { get; set; }

    /// <summary>Its silo takes no new work.</summary>
    public bool Draining { get; set; }

    /// <summary>Orleans can place a grain in its silo now.</summary>
    public bool Reachable { get; set; }

    /// <summary>Calls placed here and not yet ended.</summary>
    public int Reserved { get; set; }

    /// <summary>Those of them that the report does not count yet.</summary>
    public int UnseenCalls { get; set; }

    /// <summary>Their prompt tokens.</summary>
    public int UnseenPromptTokens { get; set; }

    /// <summary>Their KV blocks at their longest.</summary>
    public int UnseenBlocks { get; set; }

    /// <summary>Sequences that run, wait or are on their way.</summary>
    public readonly int Load => Report.Running + Report.Waiting + UnseenCalls;

    /// <summary>KV blocks that are free and not promised.</summary>
    public readonly int RoomNow => Report.FreeBlocks - UnseenBlocks;
}
