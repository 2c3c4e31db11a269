namespace Crescent.Grains.Contracts.Chat;

/// <summary>A chat turn asked for by a client of the cluster.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.ChatCall")]
public sealed record ChatCall
{
    /// <summary>The conversation as a JSON array of OpenAI chat messages.</summary>
    [Id(0)] public required string Messages { get; init; }

    /// <summary>Most tokens to generate; null for what the context leaves.</summary>
    [Id(1)] public int? MaxTokens { get; init; }

    /// <summary>0 is greedy.</summary>
    [Id(2)] public float Temperature { get; init; }

    /// <summary>Above 0, at most 1.</summary>
    [Id(3)] public float TopP { get; init; } = 1;

    /// <summary>Seed; null for a fresh one.</summary>
    [Id(4)] public long? Seed { get; init; }

    /// <summary>
    /// The conversation that it is a turn of, 1 to 256 characters that no other conversation has; null for none. Turns go where the last one was if that is
    /// not dear.
    /// </summary>
    [Id(5)] public string? Session { get; init; }

    /// <summary>A name of a model of the cluster; null for its first.</summary>
    [Id(6)] public string? Model { get; init; }

    /// <summary>Texts at which the answer ends, without them; up to 4, none of them empty.</summary>
    [Id(7)] public string[] Stop { get; init; } = [];

    /// <summary>
    /// Who is charged, and with whom devices are shared fairly; up to 256 characters, empty for nobody in particular. Orleans asks nobody who they are: it is
    /// taken at its word.
    /// </summary>
    [Id(8)] public string Tenant { get; init; } = "";

    /// <summary>
    /// Tools that the answer may call, as OpenAI's JSON array. Not taken yet: an answer comes as text alone, without the calls that it makes. A call that has any is
    /// refused, so that nobody takes such an answer for one without tools.
    /// </summary>
    [Id(9)] public string? Tools { get; init; }

    /// <summary>What is said to whoever sends <see cref="Tools"/>.</summary>
    public const string NoTools = "tools are not taken in this way, since an answer comes as text alone; ask POST /v1/chat/completions";
}
