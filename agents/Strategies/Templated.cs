using System.Globalization;
using Crescent.Agents.Steps;
using Crescent.Agents.Votes;

namespace Crescent.Agents.Strategies;

/// <summary>Plays a <see cref="StrategyTemplate"/>.</summary>
public sealed class Templated(StrategyTemplate template, StrategyTask task) : IStrategy
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal) { ["problem"] = task.Problem };
    private readonly Dictionary<int, StepResult> _samples = [];
    private SampleVote? _vote;
    private int _at;
    private int _round;

    public StrategyAnswer? Best { get; private set; }

    private TemplateStep Current => template.Steps[_at];

    public StrategyMove Begin() => StrategyMove.Start(Draw());

    public StrategyMove On(string step, StepResult result)
    {
        if (_vote is null)
        {
            return result.IsDone ? Take(result.Text, null) : StrategyMove.Fail($"{Current.Id}: {result.Text}");
        }

        var number = int.Parse(step.AsSpan(step.LastIndexOf('-') + 1), CultureInfo.InvariantCulture);
        _samples[number] = result;
        _vote.Cast(number, Ballot.Of(result is { IsDone: true, IsTruncated: false } ? AnswerText.Of(result.Text) : null, result.MeanLogprob));
        var stands = _vote.Look();
        if (stands.Winner is null && !_vote.IsComplete)
        {
            return StrategyMove.Wait;
        }

        if (stands.Winner is null && Draw() is { Length: > 0 } more)
        {
            return StrategyMove.Start(more);
        }

        string[] running = [.. Enumerable.Range(0, _vote.Drawn).Where(i => !_samples.ContainsKey(i)).Select(Id)];
        var saved = _vote.Left;
        var move = (stands.Winner ?? _vote.Leader) is { } winner ? Take(winner, stands.Confidence) : StrategyMove.Fail($"{Current.Id}: no sample has an answer");
        return move with { Cut = running, Saved = saved };
    }

    private string Id(int sample) => _vote is null ? $"{Current.Id}-{_round}" : $"{Current.Id}-{_round}-{sample}";

    private StrategyMove Take(string text, double? confidence)
    {
        var step = Current;
        _values[step.Id] = step.AnswerOnly ? AnswerText.Of(text) ?? text.Trim() : text.Trim();
        Best = new StrategyAnswer(AnswerText.Of(text) ?? text.Trim(), text, confidence);
        var again = _round + 1 < step.Repeat && !(step.Until is { } end && text.Contains(end, StringComparison.OrdinalIgnoreCase));
        (_at, _round) = again ? (_at, _round + 1) : (_at + 1, 0);
        _vote = null;
        _samples.Clear();
        return _at == template.Steps.Count ? StrategyMove.End(Best) : StrategyMove.Start(Draw());
    }

    private InferenceStep[] Draw()
    {
        var step = Current;
        var prompt = task.Ask(TemplateText.Fill(step.Prompt, _values));
        if (step.Samples == 1)
        {
            return [new InferenceStep(Id(0), step.Id, prompt) { MaxTokens = task.Settings.MaxTokens, Temperature = step.Temperature ?? 0, IsCritical = true }];
        }

        _vote ??= new SampleVote(step.Samples, task.Settings.Window, task.Settings.WindowStep, task.Settings.Confidence);
        var (from, to) = (_vote.Drawn, _vote.Draw().End.Value);
        return
        [
            .. Enumerable.Range(from, to - from).Select(i => new InferenceStep(Id(i), $"{step.Id} {i + 1}", prompt)
            {
                MaxTokens = task.Settings.MaxTokens,
                Temperature = step.Temperature ?? task.Settings.Temperature,
                Siblings = step.Id,
            }),
        ];
    }
}
