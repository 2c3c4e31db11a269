using Crescent.Engine.Sampling;

namespace Crescent.Engine.Scheduling;

/// <summary>One sequence to generate, as an engine takes it.</summary>
public sealed record InferenceRequest
{
    /// <summary>Unique within the engine; chosen by the caller, who cancels by it.</summary>
    public required long Id { get; init; }

    /// <summary>Prompt tokens, at least one.</summary>
    public required int[] Prompt { get; init; }

    /// <summary>
    /// How many of the last prompt tokens are output of an earlier attempt at this sequence, whose device died: 0 to the prompt's
    /// length less one. The engine runs them through its detokeniser and stop matcher without putting them out again, so that text
    /// the earlier attempt held back is not lost, and draws go on with the randomness of output token number
    /// <see cref="ResumedTokens"/>. Offsets of the outputs and <see cref="MaxTokens"/> still count from 0.
    /// </summary>
    public int ResumedTokens { get; init; }

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
