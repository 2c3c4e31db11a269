namespace Crescent.Grains.Contracts.Chat;

/// <summary>Embeddings of texts.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.EmbeddingReply")]
public sealed record EmbeddingReply
{
    /// <summary>(texts, <see cref="Size"/>) floats, little endian: bytes cross silos ten times as fast as floats.</summary>
    [Id(0)] public byte[] Floats { get; init; } = [];

    /// <summary>Floats of an embedding.</summary>
    [Id(1)] public int Size { get; init; }

    /// <summary>Tokens of all texts.</summary>
    [Id(2)] public int PromptTokens { get; init; }

    /// <summary>Energy attributed to them, J.</summary>
    [Id(3)] public double Joules { get; init; }

    /// <summary>The model.</summary>
    [Id(4)] public string Model { get; init; } = "";
}
