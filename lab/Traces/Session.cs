namespace Crescent.Lab.Traces;

/// <summary>Calls that come one after the other, each when the one before has ended and its pause is over.</summary>
/// <param name="Name">In its trace.</param>
/// <param name="Turns">At least one.</param>
public sealed record Session(string Name, IReadOnlyList<SessionTurn> Turns)
{
    /// <summary>Calls, those of sub-agents among them.</summary>
    public int Calls => Turns.Sum(static turn => 1 + turn.Agents.Sum(static agent => agent.Calls));
}
