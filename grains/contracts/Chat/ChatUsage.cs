namespace Crescent.Grains.Contracts.Chat;

/// <summary>What an answer took.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.ChatUsage")]
public sealed record ChatUsage
{
    [Id(0)] public int PromptTokens { get; init; }

    [Id(1)] public int CompletionTokens { get; init; }

    /// <summary>Seconds from submission to the first step.</summary>
    [Id(2)] public double QueueSeconds { get; init; }

    /// <summary>Seconds from the first step to the first token.</summary>
    [Id(3)] public double PrefillSeconds { get; init; }

    /// <summary>Seconds from the first token to the last.</summary>
    [Id(4)] public double DecodeSeconds { get; init; }

    /// <summary>Energy attributed to the answer.</summary>
    [Id(5)] public double Joules { get; init; }

    /// <summary>Silo and device that computed it: <c>silo/device</c>.</summary>
    [Id(6)] public string Device { get; init; } = "";

    /// <summary>Prompt tokens that came from the prefix cache.</summary>
    [Id(7)] public int CachedTokens { get; init; }
}
