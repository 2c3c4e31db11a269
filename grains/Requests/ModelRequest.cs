using Crescent.Engine.Scheduling;
using Crescent.Grains.Models;

namespace Crescent.Grains.Requests;

/// <summary>
/// What somebody asks of a model, in whatever dialect it came: the one form in which HTTP, grains and .NET programs hand it to the <see cref="RequestDesk"/>.
/// </summary>
public sealed record ModelRequest
{
    /// <summary>For logs, look-ups and the answer, such as <c>chatcmpl-…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The model.</summary>
    public required ServedModel Model { get; init; }

    /// <summary>One prompt or several, each with answers of its own.</summary>
    public required IReadOnlyList<PromptSource> Prompts { get; init; }

    /// <summary>
    /// What is asked of each answer: sampling, stops, class, owner, deadline of the whole. Its id, model, prompt, limit, structure and, but for the first candidate, its
    /// seed are set from here on.
    /// </summary>
    public required InferenceRequest Call { get; init; }

    /// <summary>Most tokens of an answer; null for <see cref="DefaultMaxTokens"/>.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>The caller's name for <see cref="MaxTokens"/>.</summary>
    public string MaxTokensName { get; init; } = "max_tokens";

    /// <summary>Most tokens where the caller leaves it open, as far as there is room; null for all the room there is.</summary>
    public int? DefaultMaxTokens { get; init; }

    /// <summary>Answers to make to each prompt.</summary>
    public int Candidates { get; init; } = 1;

    /// <summary>
    /// Whether the tokens of the prompt are wanted with their logprobs: all but the first are given to the model as the beginning of its output, many a step.
    /// </summary>
    public bool GivesPrompt { get; init; }

    /// <summary>Whether each answer has to tell how likely its tokens are.</summary>
    public bool WantsLikelihood { get; init; }

    /// <summary>What an answer has to look like; null for free text.</summary>
    public AskedStructure? Structure { get; init; }

    /// <summary>The tools that it may call; null for none.</summary>
    public ToolUse? Tools { get; init; }

    /// <summary>When it came, by the clock of the desk; 0 for now.</summary>
    public long Began { get; init; }
}
