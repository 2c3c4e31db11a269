namespace Crescent.Grains.Kept;

/// <summary>What is the same whoever reads a kept answer, and however often.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.KeptHead")]
public sealed record KeptHead
{
    /// <summary>Id of the request that began it, such as <c>chatcmpl-…</c>.</summary>
    [Id(0)] public string Id { get; init; } = "";

    /// <summary>When that came, in seconds since 1970.</summary>
    [Id(1)] public long Created { get; init; }

    /// <summary>Tells it from another that was kept by the same key.</summary>
    [Id(2)] public long Epoch { get; init; }
}
