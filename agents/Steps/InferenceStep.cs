namespace Crescent.Agents.Steps;

/// <summary>A call of the model.</summary>
/// <param name="Id">Names it within its task.</param>
/// <param name="Label">What it is, for people.</param>
/// <param name="Messages">The prompt.</param>
public sealed record InferenceStep(string Id, string Label, IReadOnlyList<StepMessage> Messages) : Step(Id, Label)
{
    /// <summary>Most tokens of the answer.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>0 is greedy, up to 2.</summary>
    public double Temperature { get; init; }

    /// <summary>Steps with one name have the same prompt: it is computed once, and they share its blocks. Null for one on its own.</summary>
    public string? Siblings { get; init; }

    /// <summary>Whether all that comes after waits for it.</summary>
    public bool IsCritical { get; init; }

    /// <summary>Whether the task's tools may be called.</summary>
    public bool UsesTools { get; init; }
}
