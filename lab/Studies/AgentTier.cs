using Crescent.Control.Placement;

namespace Crescent.Lab.Studies;

/// <summary>What an agent must be given to count: a tier of AA-AgentPerf (June 2026).</summary>
/// <param name="Speed">Tokens a second of an answer that three quarters of the calls have at the least.</param>
/// <param name="TtftSeconds">Seconds to the first token that 95 of 100 calls have at the most.</param>
public readonly record struct AgentTier(double Speed, double TtftSeconds)
{
    /// <summary>The published ones.</summary>
    public static IReadOnlyList<AgentTier> All { get; } = [new(20, 10), new(60, 5), new(180, 3)];

    /// <summary>What engines, placement and caps promise for it.</summary>
    public ServiceLevel Level => new(TtftSeconds, 1 / Speed);

    /// <summary>Whether calls with these figures meet it.</summary>
    public bool IsMet(double speedP25, double ttftP95) => speedP25 >= Speed && ttftP95 <= TtftSeconds;
}
