namespace Crescent.Agents.Steps;

/// <summary>
/// Attempts at steps that came to nothing: a device failed them, or the task's silo died or stopped under them. What they took, as far as it is known; of one that died with
/// its silo nothing is.
/// </summary>
public sealed record LostAttempts
{
    /// <summary>None.</summary>
    public static readonly LostAttempts None = new();

    /// <summary>Attempts.</summary>
    public int Attempts { get; init; }

    /// <summary>Tokens of their prompts, of those that came to a token of output.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Tokens that they generated.</summary>
    public long OutputTokens { get; init; }

    /// <summary>Energy attributed to them, in joules.</summary>
    public double Joules { get; init; }

    /// <summary>These and others.</summary>
    public LostAttempts With(LostAttempts? others) => others is null ? this : new LostAttempts
    {
        Attempts = Attempts + others.Attempts,
        PromptTokens = PromptTokens + others.PromptTokens,
        OutputTokens = OutputTokens + others.OutputTokens,
        Joules = Joules + others.Joules,
    };

    /// <summary>An attempt more, of which nothing is known.</summary>
    public LostAttempts WithOne() => this with { Attempts = Attempts + 1 };

    /// <summary>What an attempt took that was counted without it.</summary>
    public LostAttempts WithTaken(StepResult taken) => this with
    {
        PromptTokens = PromptTokens + (taken.OutputTokens > 0 ? taken.PromptTokens : 0),
        OutputTokens = OutputTokens + taken.OutputTokens,
        Joules = Joules + taken.Joules,
    };
}
