namespace Crescent.Grains.Kept;

/// <summary>Asks for what is kept by a key.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.KeptAsk")]
public sealed record KeptAsk
{
    /// <summary>Names it in the cluster.</summary>
    [Id(0)] public string Key { get; init; } = "";

    /// <summary>Hash of what was asked for.</summary>
    [Id(1)] public byte[] Body { get; init; } = [];

    /// <summary>Name of the silo that asks: it is not to keep its own, where there is another.</summary>
    [Id(2)] public string Asker { get; init; } = "";
}
