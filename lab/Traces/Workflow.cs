namespace Crescent.Lab.Traces;

/// <summary>Calls that wait for one another's answers: the turns of a session, and agents that work beside it.</summary>
/// <param name="Seconds">When it begins, from the beginning of the trace; null where the trace does not tell.</param>
/// <param name="Calls">At least one, each behind those that it waits for.</param>
public sealed record Workflow(double? Seconds, IReadOnlyList<WorkflowCall> Calls)
{
    /// <summary>Those of its calls that have a context of so many tokens, prompt and answer together, and wait for such calls alone; null where there is none.</summary>
    public Workflow? Within(int context)
    {
        var places = new int[Calls.Count];
        var kept = new List<WorkflowCall>(Calls.Count);
        for (var i = 0; i < places.Length; i++)
        {
            var call = Calls[i];
            places[i] = (long)call.PromptTokens + call.OutputTokens <= context && Array.TrueForAll(call.After, place => places[place] >= 0) ? kept.Count : -1;
            if (places[i] >= 0)
            {
                kept.Add(call with { After = [.. call.After.Select(place => places[place])], Continues = call.Continues is { } before ? places[before] : null });
            }
        }

        return kept.Count > 0 ? this with { Calls = kept } : null;
    }
}
