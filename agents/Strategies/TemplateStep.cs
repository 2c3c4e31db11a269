namespace Crescent.Agents.Strategies;

/// <summary>A step of a <see cref="StrategyTemplate"/>.</summary>
public sealed record TemplateStep
{
    /// <summary>Names it and what comes of it; letters, digits and underscores.</summary>
    public required string Id { get; init; }

    /// <summary>What is asked.</summary>
    public required string Prompt { get; init; }

    /// <summary>Samples at the most, whose answers are voted on; 1 for no vote.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>Times that it is done at the most: its own result, <c>{{ id }}</c>, is empty the first time.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>Ends the repetition when the result has this in it; null to repeat to the end.</summary>
    public string? Until { get; init; }

    /// <summary>0 to 2; null for the task's where there are several samples, else greedy.</summary>
    public double? Temperature { get; init; }

    /// <summary>Whether what comes of it is only the answer that it ends with, not its whole text. A vote's always is.</summary>
    public bool AnswerOnly { get; init; }
}
