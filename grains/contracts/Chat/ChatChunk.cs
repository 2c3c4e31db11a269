namespace Crescent.Grains.Contracts.Chat;

/// <summary>A piece of an answer.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.ChatChunk")]
public sealed record ChatChunk
{
    /// <summary>Text since the last chunk.</summary>
    [Id(0)] public string Text { get; init; } = "";

    /// <summary>Tokens in this chunk.</summary>
    [Id(1)] public int Tokens { get; init; }

    /// <summary>OpenAI's finish reason (<c>stop</c>, <c>length</c>), with the last chunk.</summary>
    [Id(2)] public string? FinishReason { get; init; }

    /// <summary>What the answer took, with the last chunk.</summary>
    [Id(3)] public ChatUsage? Usage { get; init; }

    /// <summary>What the model has thought since the last chunk, where the call parts it from the text.</summary>
    [Id(4)] public string Thought { get; init; } = "";

    /// <summary>Pieces of tool calls since the last chunk.</summary>
    [Id(5)] public ChatToolCall[] ToolCalls { get; init; } = [];

    /// <summary>Tokens that the model has thought, with the last chunk.</summary>
    [Id(6)] public int ThoughtTokens { get; init; }

    /// <summary>Without what callers and models wrote: messages that are late or lost stand in logs.</summary>
    public override string ToString() => nameof(ChatChunk);
}
