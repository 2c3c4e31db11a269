namespace Crescent.Engine.Kv;

/// <summary>How much of a prompt the cache holds.</summary>
/// <param name="DeviceBlocks">Leading blocks that lie on the device.</param>
/// <param name="HostBlocks">Blocks after those that can be copied from the host tier.</param>
public readonly record struct PrefixMatch(int DeviceBlocks, int HostBlocks)
{
    /// <summary>Blocks that need not be computed.</summary>
    public int Blocks => DeviceBlocks + HostBlocks;
}
