using Crescent.Agents.Steps;

namespace Crescent.Agents.Strategies;

/// <summary>Stands for a strategy that is not there: its task ends, and says why.</summary>
/// <param name="why">Why it cannot be played.</param>
public sealed class Unplayable(string why) : IStrategy
{
    public StrategyAnswer? Best => null;

    public StrategyMove Begin() => StrategyMove.Fail(why);

    public StrategyMove On(string step, StepResult result) => StrategyMove.Wait;
}
