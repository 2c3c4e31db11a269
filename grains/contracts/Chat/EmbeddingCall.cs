namespace Crescent.Grains.Contracts.Chat;

/// <summary>Texts of which a client of the cluster wants embeddings.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.EmbeddingCall")]
public sealed record EmbeddingCall
{
    /// <summary>Texts that a call may have.</summary>
    public const int MaxInputs = 2048;

    /// <summary>The texts, 1 to <see cref="MaxInputs"/>, none of them empty.</summary>
    [Id(0)] public required string[] Inputs { get; init; }

    /// <summary>A name of a model of the cluster; null for its first.</summary>
    [Id(1)] public string? Model { get; init; }

    /// <summary>Who is charged, as <see cref="ChatCall.Tenant"/>.</summary>
    [Id(2)] public string Tenant { get; init; } = "";

    /// <summary>Without what callers and models wrote: messages that are late or lost stand in logs.</summary>
    public override string ToString() => nameof(EmbeddingCall);
}
