namespace Crescent.Grains.Contracts.Chat;

/// <summary>A piece of a tool call; its arguments are those of all its pieces, one after the other.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.ChatToolCall")]
public sealed record ChatToolCall
{
    /// <summary>Number of the call in the answer, from 0.</summary>
    [Id(0)] public int Index { get; init; }

    /// <summary>The call's id, with its first piece.</summary>
    [Id(1)] public string? CallId { get; init; }

    /// <summary>The tool's name, with its first piece.</summary>
    [Id(2)] public string? Name { get; init; }

    /// <summary>The next characters of the arguments' JSON.</summary>
    [Id(3)] public string Arguments { get; init; } = "";

    /// <summary>Without what callers and models wrote: messages that are late or lost stand in logs.</summary>
    public override string ToString() => $"{nameof(ChatToolCall)} {Index}";
}
