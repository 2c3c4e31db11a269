using Crescent.Engine.Sampling;

namespace Crescent.Engine.Scheduling;

/// <summary>One sequence to generate, as an engine takes it.</summary>
public sealed record InferenceRequest
{
    /// <summary>Unique within the engine; chosen by the caller, who cancels by it.</summary>
    public required long Id { get; init; }

    /// <summary>Prompt tokens, at least one.</summary>
    public required int[] Prompt { get; init; }

    /// <summary>Most tokens to generate, at least 1.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>How tokens are drawn.</summary>
    public SamplingParameters Sampling { get; init; } = SamplingParameters.Greedy;

    /// <summary>Strings that end the output; neither they nor a part of them is put out.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Go on past end tokens until <see cref="MaxTokens"/>.</summary>
    public bool IgnoreEndOfGeneration { get; init; }

    /// <summary>Where the sink sends the outputs; the engine only carries it.</summary>
    public object? Link { get; init; }
}
