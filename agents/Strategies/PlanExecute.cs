using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Crescent.Agents.Steps;
using Crescent.Agents.Votes;

namespace Crescent.Agents.Strategies;

/// <summary>Has a plan written, does its steps, those side by side that do not wait for one another, and has the answer put together.</summary>
public sealed partial class PlanExecute(StrategyTask task) : IStrategy
{
    private const string PlanForm = "Write one numbered step a line. Write #k for the result of step k.";
    private const string StepForm = "Do the one step that is asked for. End with a line 'Result: ' and its result.";
    private const string AnswerForm = "Answer with a line 'Answer: ' and the answer.";

    private readonly List<PlannedStep> _plan = [];
    private readonly HashSet<int> _begun = [];

    public StrategyAnswer? Best { get; private set; }

    public StrategyMove Begin() => StrategyMove.Start(Once("plan", "plan", $"Plan the steps. Do not solve it.\n{task.Problem}", PlanForm));

    public StrategyMove On(string step, StepResult result)
    {
        if (step == "plan")
        {
            return Planned(result);
        }

        if (step == "compose")
        {
            Best = result.Text.Length > 0 && result.Outcome != StepOutcome.Failed ? ChainOfThought.Read(result.Text) : Best;
            return result.IsDone && Best is not null ? StrategyMove.End(Best) : StrategyMove.Fail(result.Text);
        }

        if (!result.IsDone)
        {
            return StrategyMove.Fail($"{step} of the plan: {result.Text}");
        }

        var number = int.Parse(step.AsSpan("step-".Length), CultureInfo.InvariantCulture);
        var found = AnswerText.After(result.Text, "Result:") ?? AnswerText.Of(result.Text) ?? "";
        _plan[number - 1] = _plan[number - 1] with { Result = found };

        // The last step's result is what there is of an answer until it is put together.
        Best = _plan[^1].Result is { } last ? new StrategyAnswer(last, result.Text) : Best;
        return _plan.TrueForAll(static planned => planned.Result is not null) ? StrategyMove.Start(Compose()) : StrategyMove.Start(Ready());
    }

    private StrategyMove Planned(StepResult result)
    {
        if (!result.IsDone)
        {
            return StrategyMove.Fail(result.Text);
        }

        foreach (Match line in PlanLine().Matches(result.Text))
        {
            // A step can wait for those before it alone: what it calls otherwise is no reference.
            var number = _plan.Count + 1;
            var text = line.Groups["text"].Value.Trim();
            int[] needs = [.. Reference().Matches(text).Select(static m => int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture)).Where(k => k > 0 && k < number).Distinct()];
            if (_plan.Count < task.Settings.Depth && text.Length > 0)
            {
                _plan.Add(new PlannedStep(text, needs, null));
            }
        }

        var note = string.Join('\n', _plan.Select(static (planned, i) => $"{i + 1}. {planned.Text}"));
        return _plan.Count == 0
            ? StrategyMove.Start(Once("compose", "answer", $"{task.Problem} Think step by step.", AnswerForm)) with { NoteKind = "planned", Note = "no plan: answered in one go" }
            : StrategyMove.Start(Ready()) with { NoteKind = "planned", Note = note };
    }

    private InferenceStep[] Ready() =>
    [
        .. Enumerable.Range(1, _plan.Count)
            .Where(k => _plan[k - 1] is { Result: null } planned && Array.TrueForAll(planned.Needs, need => _plan[need - 1].Result is not null) && _begun.Add(k))
            .Select(k => Once($"step-{k}", $"step {k}: {_plan[k - 1].Text}", StepPrompt(k), StepForm) with { IsCritical = IsNeeded(k) }),
    ];

    private bool IsNeeded(int step) => _plan.Exists(planned => planned.Needs.Contains(step)) || step == _plan.Count;

    private string StepPrompt(int step)
    {
        var results = Results(k => _plan[step - 1].Needs.Contains(k));
        return $"Task: {task.Problem}\n\nResults so far:{(results.Length == 0 ? " none" : "\n" + results)}\n\nDo step {step}: {_plan[step - 1].Text}";
    }

    private InferenceStep Compose() =>
        Once("compose", "answer", $"Task: {task.Problem}\n\nResults:\n{Results(static _ => true)}\n\nGive the final answer.", AnswerForm);

    private string Results(Predicate<int> wanted)
    {
        var lines = new StringBuilder();
        for (var k = 1; k <= _plan.Count; k++)
        {
            if (wanted(k) && _plan[k - 1].Result is { } result)
            {
                lines.Append(CultureInfo.InvariantCulture, $"{(lines.Length > 0 ? "\n" : "")}#{k} = {result}");
            }
        }

        return lines.ToString();
    }

    private InferenceStep Once(string id, string label, string content, string form) =>
        new(id, label, task.Ask(content, form)) { MaxTokens = task.Settings.MaxTokens, IsCritical = true };

    [GeneratedRegex(@"^\s*\d+\s*[.)]\s*(?<text>[^\n]+)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex PlanLine();

    [GeneratedRegex(@"#(\d{1,3})", RegexOptions.CultureInvariant)]
    private static partial Regex Reference();

    private sealed record PlannedStep(string Text, int[] Needs, string? Result);
}
