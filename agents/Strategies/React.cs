using System.Globalization;
using Crescent.Agents.Steps;
using Crescent.Agents.Votes;

namespace Crescent.Agents.Strategies;

/// <summary>Thinks and calls tools in turns until it has an answer (Yao et al. 2022), with the model's own form of tool calls. Tools of one turn run side by side.</summary>
public sealed class React(StrategyTask task) : IStrategy
{
    private readonly List<StepMessage> _conversation = [.. task.Ask(task.Problem)];
    private readonly Dictionary<string, StepMessage> _results = [];
    private IReadOnlyList<AskedTool> _calls = [];
    private int _round;

    public StrategyAnswer? Best { get; private set; }

    public StrategyMove Begin() => StrategyMove.Start(Think());

    public StrategyMove On(string step, StepResult result)
    {
        if (step.StartsWith("tool-", StringComparison.Ordinal))
        {
            var call = _calls[int.Parse(step.AsSpan(step.LastIndexOf('-') + 1), CultureInfo.InvariantCulture)];

            // A tool that fails is told to the model: it may find another way.
            _results[step] = new StepMessage("tool", result.IsDone ? result.Text : $"Error: {result.Text}", CallId: call.Id);
            if (_results.Count < _calls.Count)
            {
                return StrategyMove.Wait;
            }

            // In the order of the calls, whichever came first.
            _conversation.AddRange(_calls.Select((_, i) => _results[ToolId(i)]));
            _round++;
            return StrategyMove.Start(Think());
        }

        if (result.Text.Trim().Length > 0 && result.Outcome != StepOutcome.Failed)
        {
            Best = new StrategyAnswer(AnswerText.Marked(result.Text) ?? result.Text.Trim(), result.Text);
        }

        if (!result.IsDone)
        {
            return StrategyMove.Fail(result.Text);
        }

        if (result.Calls.Count == 0)
        {
            return StrategyMove.End(Best ?? new StrategyAnswer("", ""));
        }

        _calls = result.Calls;
        _results.Clear();
        _conversation.Add(new StepMessage("assistant", result.Text, result.Calls));
        return StrategyMove.Start([.. result.Calls.Select((call, i) => new ToolStep(ToolId(i), call))]);
    }

    // In the last round it has to answer with what it has.
    private InferenceStep Think() => new($"think-{_round}", $"think {_round + 1}", [.. _conversation])
    {
        MaxTokens = task.Settings.MaxTokens,
        IsCritical = true,
        UsesTools = _round < task.Settings.Depth - 1,
    };

    private string ToolId(int call) => $"tool-{_round}-{call}";
}
