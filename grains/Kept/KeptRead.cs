namespace Crescent.Grains.Kept;

/// <summary>Asks for more of an answer.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.KeptRead")]
public sealed record KeptRead
{
    [Id(0)] public string Key { get; init; } = "";

    /// <summary>Of the answer: <see cref="KeptHead.Epoch"/>.</summary>
    [Id(1)] public long Epoch { get; init; }

    /// <summary>Bytes that the reader has.</summary>
    [Id(2)] public int Offset { get; init; }

    /// <summary>Whether somebody waits for it; else it is only to be known how it ends.</summary>
    [Id(3)] public bool IsWanted { get; init; }
}
