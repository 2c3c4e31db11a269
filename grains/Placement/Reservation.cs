namespace Crescent.Grains.Placement;

/// <summary>A call that was placed on a device and has not ended.</summary>
/// <param name="device"><c>silo/device</c>.</param>
/// <param name="promptTokens">Its prompt, less what the device had cached.</param>
/// <param name="blocks">Its KV blocks at its longest.</param>
/// <param name="madeAt">When, in seconds of the ledger's clock.</param>
internal sealed class Reservation(string device, int promptTokens, int blocks, double madeAt)
{
    public string Device { get; set; } = device;

    public int PromptTokens { get; } = promptTokens;

    public int Blocks { get; } = blocks;

    public double MadeAt { get; } = madeAt;

    /// <summary>Reports with a higher number than this count the call.</summary>
    public long AcceptedAfter { get; set; } = long.MaxValue;
}
