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

    /// <summary>Energy attributed to the answer, over all attempts at it; no idle energy.</summary>
    [Id(5)] public double Joules { get; init; }

    /// <summary>Silo and device that computed it: <c>silo/device</c>.</summary>
    [Id(6)] public string Device { get; init; } = "";

    /// <summary>Where the joules come from: <c>model</c>, <c>rapl</c>, <c>nvml</c>, several with commas; empty when unknown.</summary>
    [Id(50)] public string EnergySource { get; init; } = "";

    /// <summary>Whether a simulated device computed it, so that its times and joules are modelled.</summary>
    [Id(51)] public bool Simulated { get; init; }

    /// <summary>Of <see cref="Joules"/> the estimate for tokens whose device died before it told.</summary>
    [Id(52)] public double EstimatedJoules { get; init; }

    /// <summary>Devices that took it, one after the other: more than 1 when the first was lost.</summary>
    [Id(53)] public int Attempts { get; init; }

    /// <summary>Prompt tokens that came from the prefix cache.</summary>
    [Id(7)] public int CachedTokens { get; init; }
}
