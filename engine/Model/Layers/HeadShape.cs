namespace Crescent.Engine.Model.Layers;

/// <summary>Heads of an attention.</summary>
/// <param name="Count">Query heads.</param>
/// <param name="KvCount">Key and value heads; <paramref name="Count"/> is a multiple of it (grouped-query attention).</param>
/// <param name="Size">Values in a head.</param>
public sealed record HeadShape(int Count, int KvCount, int Size)
{
    /// <summary>Query values of a token.</summary>
    public int QueryWidth => Count * Size;

    /// <summary>Key (or value) values of a token.</summary>
    public int KvWidth => KvCount * Size;
}
