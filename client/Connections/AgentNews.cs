namespace Crescent.Client.Connections;

/// <summary>Something that a task tells its watchers.</summary>
internal sealed record AgentNews
{
    /// <summary>Its number within the task, from 1; 0 for what is told once.</summary>
    public long Number { get; init; }

    /// <summary><c>planned</c>, <c>step_started</c>, <c>tokens</c>, <c>waiting</c>, <c>step_finished</c>, <c>vote</c>, <c>tool_call</c>, <c>budget</c>, <c>approval</c> or <c>done</c>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The step that it is about; null for one about the task.</summary>
    public string? Step { get; init; }

    /// <summary>What the step is, for people.</summary>
    public string? Label { get; init; }

    /// <summary>A plan, a vote, a piece of an answer, arguments, or what came of a step.</summary>
    public string? Text { get; init; }

    /// <summary>By which a call is approved that waits for a person.</summary>
    public string? Hash { get; init; }

    /// <summary>How a step ended: <c>done</c>, <c>failed</c>, <c>cut</c> or <c>denied</c>.</summary>
    public string? Outcome { get; init; }

    /// <summary>Tokens of the step's prompt.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Of these, those that came from a cache.</summary>
    public int CachedTokens { get; init; }

    /// <summary>Tokens that the step has generated.</summary>
    public int OutputTokens { get; init; }

    /// <summary>From the step's start to its end.</summary>
    public double Seconds { get; init; }

    /// <summary>Energy attributed to the step, in joules.</summary>
    public double Joules { get; init; }
}
