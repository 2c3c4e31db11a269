namespace Crescent.Bench.Peers;

/// <summary>Sizes of a llama model.</summary>
internal sealed record ModelShape(string Name, int Layers, int Width, int Heads, int KvHeads, int FeedForward, int Vocabulary)
{
    /// <summary>The shapes there are.</summary>
    public static readonly IReadOnlyList<ModelShape> All =
    [
        new("135m", 30, 576, 9, 3, 1536, 49152),
        new("1b", 16, 2048, 32, 8, 8192, 32000),
        new("3b", 28, 3072, 24, 8, 8192, 32000),
    ];

    public int HeadSize => Width / Heads;
}
