namespace Crescent.Grains.Placement;

/// <summary>One chain of a <see cref="PromptPrefix"/> on its way.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.PromptChain")]
public sealed record PromptChain
{
    /// <summary>The model.</summary>
    [Id(0)] public string Model { get; init; } = "";

    /// <summary>How keys and values are stored.</summary>
    [Id(1)] public string KvType { get; init; } = "";

    /// <summary>Positions in a block.</summary>
    [Id(2)] public int BlockSize { get; init; } = 16;

    /// <summary>16 bytes each, little endian.</summary>
    [Id(3)] public byte[] Hashes { get; init; } = [];
}
