namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>What a layer keeps of a block of positions.</summary>
/// <param name="Heads">KV heads.</param>
/// <param name="PageBytes">Bytes of one head's keys, or values.</param>
internal readonly record struct KvLayerPages(int Heads, int PageBytes)
{
    /// <summary>Pages of a block: keys and values of each head.</summary>
    public int Pages => 2 * Heads;

    /// <summary>Bytes of a block.</summary>
    public long BlockBytes => (long)Pages * PageBytes;
}
