using System.Globalization;
using Crescent.Agents.Steps;
using Crescent.Agents.Votes;

namespace Crescent.Agents.Strategies;

/// <summary>
/// Cuts a long input into parts, asks the same of each, and puts the results together, a few at a time until one is left. The task's first line is what is asked; the lines below
/// are the input.
/// </summary>
public sealed class MapReduce(StrategyTask task) : IStrategy
{
    private const string ReduceForm = "End with a line 'Answer: ' and the answer.";
    private const string DefaultReduce = "Add up these part sums: {{ results }}.";

    private readonly string[] _parts = Parts(task);
    private string?[] _results = [];
    private int _open;
    private int _level;

    public StrategyAnswer? Best { get; private set; }

    private string Instruction => task.Problem.Split('\n', 2)[0].Trim();

    public StrategyMove Begin()
    {
        _results = new string?[_parts.Length];
        _open = _parts.Length;
        return StrategyMove.Start(
        [
            .. _parts.Select((part, i) => new InferenceStep($"map-{i}", $"part {i + 1} of {_parts.Length}", task.Ask($"{Instruction}\n{part}"))
            {
                MaxTokens = task.Settings.MaxTokens,
            }),
        ]) with
        { NoteKind = "planned", Note = $"{_parts.Length} parts of up to {task.Settings.PartLines} lines" };
    }

    public StrategyMove On(string step, StepResult result)
    {
        if (!result.IsDone)
        {
            return StrategyMove.Fail($"{step}: {result.Text}");
        }

        var number = int.Parse(step.AsSpan(step.LastIndexOf('-') + 1), CultureInfo.InvariantCulture);
        _results[number] = AnswerText.After(result.Text, "Result:") ?? AnswerText.After(result.Text, "Sum:") ?? AnswerText.Of(result.Text) ?? "";
        if (--_open > 0)
        {
            return StrategyMove.Wait;
        }

        if (_results.Length == 1 && (_level > 0 || _parts.Length == 1))
        {
            Best = new StrategyAnswer(_results[0]!, result.Text);
            return StrategyMove.End(Best);
        }

        return StrategyMove.Start(Reduce());
    }

    private InferenceStep[] Reduce()
    {
        _level++;
        var groups = _results.Chunk(task.Settings.ReduceWidth).ToArray();
        _results = new string?[groups.Length];
        _open = groups.Length;
        return
        [
            .. groups.Select((group, i) => new InferenceStep(
                $"reduce-{_level}-{i}",
                groups.Length == 1 ? "put together" : $"put together {i + 1} of {groups.Length}",
                task.Ask(
                    (task.Settings.ReducePrompt ?? DefaultReduce)
                        .Replace("{{ results }}", string.Join(", ", group), StringComparison.Ordinal)
                        .Replace("{{ task }}", Instruction, StringComparison.Ordinal),
                    ReduceForm))
            {
                MaxTokens = task.Settings.MaxTokens,
                IsCritical = true,
            }),
        ];
    }

    private static string[] Parts(StrategyTask task)
    {
        var lines = task.Problem.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Skip(1);
        string[] parts = [.. lines.Chunk(task.Settings.PartLines).Select(static part => string.Join('\n', part))];
        return parts.Length > 0 ? parts : [""];
    }
}
