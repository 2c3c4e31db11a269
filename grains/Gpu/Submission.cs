using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Tokens;

namespace Crescent.Grains.Gpu;

/// <summary>One attempt at a stream, on its way to a device.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.Submission")]
public sealed record Submission
{
    /// <summary><see cref="StreamTicket"/> of the attempt.</summary>
    [Id(0)] public required long Ticket { get; init; }

    /// <summary>For logs, such as <c>chatcmpl-…</c>.</summary>
    [Id(1)] public required string RequestId { get; init; }

    /// <summary>Prompt, followed by what earlier attempts have emitted.</summary>
    [Id(2)] public required int[] Prompt { get; init; }

    /// <summary>Tokens at the end of <see cref="Prompt"/> that earlier attempts have emitted.</summary>
    [Id(3)] public int ResumedTokens { get; init; }

    /// <summary>Most tokens to generate from here; 0 where the prompt's embedding is wanted.</summary>
    [Id(4)] public required int MaxTokens { get; init; }

    [Id(5)] public required SamplingParameters Sampling { get; init; }

    /// <summary>Strings that end the output.</summary>
    [Id(6)] public required string[] StopStrings { get; init; }

    [Id(9)] public int[] StopTokens { get; init; } = [];

    [Id(10)] public bool IgnoreEndOfGeneration { get; init; }

    [Id(11)] public RequestPriority Priority { get; init; } = RequestPriority.Standard;

    [Id(12)] public string Tenant { get; init; } = "";

    [Id(13)] public string? CacheSalt { get; init; }

    /// <summary>What is left of the call's time.</summary>
    [Id(14)] public TimeSpan? Deadline { get; init; }

    [Id(15)] public int SpeculativeTokens { get; init; }

    /// <summary>Ticket of a sequence on <see cref="Prefer"/> that begins with the same tokens.</summary>
    [Id(16)] public long? ForkOf { get; init; }

    /// <summary>The device to go to, if it may take the call.</summary>
    [Id(17)] public string? Prefer { get; init; }

    /// <summary>Wants the prompt's embedding instead of tokens.</summary>
    [Id(18)] public bool WantsEmbedding { get; init; }

    /// <summary>Tokens of <see cref="Prompt"/> that the device is taken to have cached, or to have in a moment.</summary>
    [Id(19)] public int CachedTokens { get; init; }

    /// <summary>The front end's silo.</summary>
    [Id(7)] public required SiloAddress Front { get; init; }

    /// <summary>The front end's router.</summary>
    [Id(8)] public required ITokenObserver Observer { get; init; }
}
