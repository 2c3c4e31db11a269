namespace Crescent.Lab.Traces;

/// <summary>Workflows whose prompts have blocks in common.</summary>
/// <param name="Name">For tables and files.</param>
/// <param name="Workflows">At least one, in the order in which they begin where that is told.</param>
public sealed record WorkflowTrace(string Name, IReadOnlyList<Workflow> Workflows)
{
    /// <summary>Whether it tells when all of them begin.</summary>
    public bool HasTimes => Workflows.All(static workflow => workflow.Seconds is not null);

    /// <summary>The trace for a model whose prompt and answer have <paramref name="context"/> tokens at the most: calls that have more are left out, and those that wait for them.</summary>
    /// <exception cref="FormatException">No call is left.</exception>
    public WorkflowTrace Within(int context)
    {
        var workflows = Workflows.Select(workflow => workflow.Within(context)).OfType<Workflow>().ToArray();
        return workflows.Length > 0 ? this with { Workflows = workflows } : throw new FormatException($"No call of '{Name}' fits a context of {context} tokens.");
    }
}
