using Crescent.Agents.Steps;
using Crescent.Agents.Votes;

namespace Crescent.Agents.Strategies;

/// <summary>Asks once, to think before the answer (Wei et al. 2022).</summary>
public sealed class ChainOfThought(StrategyTask task) : IStrategy
{
    private const string Form = "End with a line 'Answer: ' and the answer.";

    public StrategyAnswer? Best { get; private set; }

    /// <summary>The prompt, which other strategies sample.</summary>
    public static IReadOnlyList<StepMessage> Prompt(StrategyTask task) => task.Ask($"{task.Problem} Think step by step.", Form);

    /// <summary>What a text of it says.</summary>
    public static StrategyAnswer Read(string text) => new(AnswerText.Of(text) ?? text.Trim(), text);

    public StrategyMove Begin() => StrategyMove.Start(
        new InferenceStep("answer", "think", Prompt(task)) { MaxTokens = task.Settings.MaxTokens, IsCritical = true });

    public StrategyMove On(string step, StepResult result)
    {
        Best = result.Text.Length > 0 && result.Outcome != StepOutcome.Failed ? Read(result.Text) : null;
        return result.IsDone ? StrategyMove.End(Best ?? new StrategyAnswer("", "")) : StrategyMove.Fail(result.Text);
    }
}
