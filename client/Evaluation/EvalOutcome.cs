using Crescent.Agents.Votes;
using Crescent.Grains.Contracts.Agents;

namespace Crescent.Client.Evaluation;

/// <summary>What came of a problem.</summary>
internal sealed record EvalOutcome
{
    /// <summary>How it was to be solved.</summary>
    public required EvalSetting Setting { get; init; }

    /// <summary>The problem.</summary>
    public required string Id { get; init; }

    /// <summary>The task.</summary>
    public required string Task { get; init; }

    /// <summary>The right answer.</summary>
    public required string Expected { get; init; }

    /// <summary>The task's answer; null for none.</summary>
    public string? Answer { get; init; }

    /// <summary>Whether the two are the same once both are normalised.</summary>
    public bool Solved { get; init; }

    /// <summary>How the task ended.</summary>
    public required string State { get; init; }

    /// <summary>Samples that were begun, also those that were cut.</summary>
    public int Samples { get; init; }

    /// <summary>Inferences.</summary>
    public int Calls { get; init; }

    /// <summary>Tokens of prompts.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Of these, those that came from a cache or a sibling.</summary>
    public long CachedTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public long OutputTokens { get; init; }

    /// <summary>From the task's submission to its end.</summary>
    public double Seconds { get; init; }

    /// <summary>Energy attributed to it, in joules.</summary>
    public double Joules { get; init; }

    /// <summary>What came of <paramref name="problem"/> in <paramref name="task"/>, which has ended.</summary>
    public static EvalOutcome Of(EvalSetting setting, EvalProblem problem, AgentView task) => new()
    {
        Setting = setting,
        Id = problem.Id,
        Task = task.Id,
        Expected = problem.Answer,
        Answer = task.Answer,
        Solved = task.Answer is { } answer && AnswerText.Normalise(answer) == AnswerText.Normalise(problem.Answer),
        State = task.State,
        Samples = task.Steps.Count(static step => step.Id.StartsWith("sample-", StringComparison.Ordinal)),
        Calls = task.Bill.Calls,
        PromptTokens = task.Bill.PromptTokens,
        CachedTokens = task.Bill.CachedTokens,
        OutputTokens = task.Bill.OutputTokens,
        Seconds = task.Ended is { } ended ? (ended - task.Submitted).TotalSeconds : 0,
        Joules = task.Bill.Joules,
    };
}
