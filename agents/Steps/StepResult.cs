namespace Crescent.Agents.Steps;

/// <summary>What came of a step. It is stored: a new member needs a default that means what its absence meant.</summary>
public sealed record StepResult
{
    /// <summary>How it ended.</summary>
    public StepOutcome Outcome { get; init; }

    /// <summary>The model's text, or the tool's result; of a step that failed, why.</summary>
    public string Text { get; init; } = "";

    /// <summary>Tools that the model called.</summary>
    public IReadOnlyList<AskedTool> Calls { get; init; } = [];

    /// <summary>Mean logprob of its tokens, at most 0.</summary>
    public double MeanLogprob { get; init; }

    /// <summary>Whether the text broke off at its limit.</summary>
    public bool IsTruncated { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Of these, those that came from a prefix cache.</summary>
    public int CachedTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public int OutputTokens { get; init; }

    /// <summary>Seconds from its start to its end.</summary>
    public double Seconds { get; init; }

    /// <summary>Energy attributed to it, in joules.</summary>
    public double Joules { get; init; }

    /// <summary>Silo and device that computed it last; empty for a tool.</summary>
    public string Device { get; init; } = "";

    /// <summary>Tries at it that a device failed before this came of it; none of them is in the other figures. Null for none.</summary>
    public LostAttempts? Lost { get; init; }

    /// <summary>Whether it ended with a text that counts.</summary>
    public bool IsDone => Outcome == StepOutcome.Done;
}
