namespace Crescent.Agents.Tasks;

/// <summary>Reserves what steps may take before they begin, so that a task never takes more than its budget.</summary>
internal sealed class BudgetDesk(TaskBudget budget)
{
    private readonly Dictionary<string, (long Tokens, double Joules)> _held = [];
    private long _tokens;
    private double _joules;
    private long _measured;

    /// <summary>Reserves for <paramref name="step"/>.</summary>
    /// <param name="step">Who takes it.</param>
    /// <param name="tokens">Tokens that it takes at the most: its prompt and its limit.</param>
    public Grant Reserve(string step, long tokens)
    {
        // Energy is known only from what has run: the first step runs alone.
        var joules = _measured > 0 ? _joules / _measured * tokens : 0;
        var heldTokens = _held.Values.Sum(static held => held.Tokens);
        var heldJoules = _held.Values.Sum(static held => held.Joules);
        var fits = (budget.Tokens is not { } most || _tokens + heldTokens + tokens <= most)
            && (budget.Joules is not { } energy || (_joules + heldJoules + joules <= energy && (_measured > 0 || _held.Count == 0)));
        if (fits)
        {
            _held.Add(step, (tokens, joules));
            return Grant.Granted;
        }

        return _held.Count > 0 ? Grant.Later : Grant.Denied;
    }

    /// <summary>Gives back what a step did not take.</summary>
    public void Settle(string step, long tokens, double joules)
    {
        _held.Remove(step);
        _tokens += tokens;
        _joules += joules;
        _measured += tokens;
    }
}
