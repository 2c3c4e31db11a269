using Crescent.Agents.Steps;

namespace Crescent.Agents.Strategies;

/// <summary>
/// How a task is taken apart into steps: a state machine that gets results and says what to do next. Pure: the same results in the same order give the same moves, with no clock,
/// no chance and no network in it, so that a task that was interrupted goes on from its results alone. One instance plays one task.
/// </summary>
public interface IStrategy
{
    /// <summary>The first move.</summary>
    StrategyMove Begin();

    /// <summary>The move after step <paramref name="step"/> has ended, well or not. It is not asked of steps that the strategy had cut.</summary>
    StrategyMove On(string step, StepResult result);

    /// <summary>The best answer so far, for a task that has to end now; null while there is none.</summary>
    StrategyAnswer? Best { get; }
}
