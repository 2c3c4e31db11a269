using Crescent.Agents.Steps;

namespace Crescent.Agents.Tasks;

/// <summary>What a task has taken: each step that began counts once, also one that was cut short.</summary>
public sealed record TaskBill
{
    /// <summary>Inferences that have ended.</summary>
    public int Calls { get; init; }

    /// <summary>Tools that were called.</summary>
    public int ToolCalls { get; init; }

    /// <summary>Tokens of prompts.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Of these, those that came from a prefix cache.</summary>
    public long CachedTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public long OutputTokens { get; init; }

    /// <summary>Seconds of all steps together.</summary>
    public double StepSeconds { get; init; }

    /// <summary>Energy attributed to its calls, in joules.</summary>
    public double Joules { get; init; }

    /// <summary>Attempts at steps that came to nothing; in none of the other figures, and in no budget.</summary>
    public LostAttempts Lost { get; init; } = LostAttempts.None;

    /// <summary>Tokens of prompts and outputs together.</summary>
    public long Tokens => PromptTokens + OutputTokens;

    /// <summary>The bill with one step more.</summary>
    public TaskBill With(Step step, StepResult result) => result.Outcome == StepOutcome.Denied ? this : this with
    {
        Lost = Lost.With(result.Lost),
        Calls = Calls + (step is InferenceStep ? 1 : 0),
        ToolCalls = ToolCalls + (step is ToolStep ? 1 : 0),
        PromptTokens = PromptTokens + result.PromptTokens,
        CachedTokens = CachedTokens + result.CachedTokens,
        OutputTokens = OutputTokens + result.OutputTokens,
        StepSeconds = StepSeconds + result.Seconds,
        Joules = Joules + result.Joules,
    };
}
