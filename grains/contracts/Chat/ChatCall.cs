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

    /// <summary>Tools that the answer may call, as OpenAI's JSON array of functions; null for none.</summary>
    [Id(9)] public string? Tools { get; init; }

    /// <summary><c>auto</c>, <c>none</c>, <c>required</c>, or <c>function:NAME</c> for the one that has to be called.</summary>
    [Id(10)] public string ToolChoice { get; init; } = "auto";

    /// <summary>Whether the answer may call several tools.</summary>
    [Id(11)] public bool ParallelToolCalls { get; init; } = true;

    /// <summary>JSON schema that the answer follows, empty for any JSON object; null for free text.</summary>
    [Id(12)] public string? Schema { get; init; }

    /// <summary>Whether a schema that cannot be enforced in all is refused.</summary>
    [Id(13)] public bool StrictSchema { get; init; }

    /// <summary>How much the model thinks, as OpenAI names it: none, minimal, low, medium, high, xhigh; null for as it does by itself.</summary>
    [Id(14)] public string? ReasoningEffort { get; init; }

    /// <summary>Whether what the model thinks comes in <see cref="ChatChunk.Thought"/>, and not as a part of the text.</summary>
    [Id(15)] public bool PartsThoughts { get; init; }

    /// <summary>Sample among so many of the likeliest tokens; 0 for all.</summary>
    [Id(16)] public int TopK { get; init; }

    /// <summary>-2 to 2.</summary>
    [Id(17)] public float FrequencyPenalty { get; init; }

    /// <summary>-2 to 2.</summary>
    [Id(18)] public float PresencePenalty { get; init; }

    /// <summary>Without what callers and models wrote: messages that are late or lost stand in logs.</summary>
    public override string ToString() => nameof(ChatCall);
}
