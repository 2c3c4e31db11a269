namespace Crescent.Engine.Devices;

/// <summary>Which positions before it a token's attention sees: all, those in a window, or those in its chunk.</summary>
/// <param name="Window">It sees itself and as many before it as make this many; 0 for no window.</param>
/// <param name="ChunkLength">It sees those before it in the same chunk of so many positions, counted from 0; 0 for no chunks.</param>
public readonly record struct KvReach(int Window = 0, int ChunkLength = 0)
{
    /// <summary>Whether it sees all positions before it.</summary>
    public bool SeesAll => Window == 0 && ChunkLength == 0;

    /// <summary>Most positions that a token sees, itself among them.</summary>
    public int Most => Window > 0 ? Window : ChunkLength > 0 ? ChunkLength : int.MaxValue;

    /// <summary>The first position that a token at <paramref name="position"/> sees. It never falls when the position grows.</summary>
    public int FirstSeen(int position) =>
        Window > 0 ? Math.Max(0, position - Window + 1)
        : ChunkLength > 0 ? position / ChunkLength * ChunkLength
        : 0;
}
