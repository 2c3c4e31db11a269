using Crescent.Agents.Steps;
using Crescent.Agents.Votes;

namespace Crescent.Agents.Strategies;

/// <summary>Asks once, as it is.</summary>
public sealed class Direct(StrategyTask task) : IStrategy
{
    public StrategyAnswer? Best { get; private set; }

    public StrategyMove Begin() => StrategyMove.Start(
        new InferenceStep("answer", "answer", task.Ask(task.Problem)) { MaxTokens = task.Settings.MaxTokens, IsCritical = true });

    public StrategyMove On(string step, StepResult result)
    {
        Best = result.Text.Length > 0 && result.Outcome != StepOutcome.Failed ? new StrategyAnswer(AnswerText.Marked(result.Text) ?? result.Text.Trim(), result.Text) : null;
        return result.IsDone ? StrategyMove.End(Best ?? new StrategyAnswer("", "")) : StrategyMove.Fail(result.Text);
    }
}
