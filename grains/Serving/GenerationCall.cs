using Crescent.Engine.Sampling;

namespace Crescent.Grains.Serving;

/// <summary>One sequence to generate somewhere in the cluster; the prompt is already rendered and tokenised.</summary>
public sealed record GenerationCall
{
    /// <summary>For logs and look-ups, such as <c>chatcmpl-…</c>.</summary>
    public required string RequestId { get; init; }

    /// <summary>Prompt tokens, at least one.</summary>
    public required int[] Prompt { get; init; }

    /// <summary>Most tokens to generate.</summary>
    public required int MaxTokens { get; init; }

    public SamplingParameters Sampling { get; init; } = SamplingParameters.Greedy;

    /// <summary>Strings that end the output.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];
}
