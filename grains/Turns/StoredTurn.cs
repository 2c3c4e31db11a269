namespace Crescent.Grains.Turns;

/// <summary>One turn of a conversation that its caller goes on with by its id: what was said, and the answer.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.StoredTurn")]
public sealed record StoredTurn
{
    /// <summary>Of the answer.</summary>
    [Id(0)] public string Id { get; init; } = "";

    /// <summary>Of the turn before; null for the first.</summary>
    [Id(1)] public string? Previous { get; init; }

    /// <summary>What was said, as a JSON array of items.</summary>
    [Id(2)] public byte[] Input { get; init; } = [];

    /// <summary>The answer as it was given, JSON.</summary>
    [Id(3)] public byte[] Answer { get; init; } = [];

    /// <summary>Bytes that it takes, about.</summary>
    public long Bytes => Input.Length + Answer.Length + 512;
}
