using System.Globalization;
using Crescent.Agents.Steps;
using Crescent.Agents.Votes;

namespace Crescent.Agents.Strategies;

/// <summary>
/// Samples lines of thought and takes the answer that most come to (Wang et al. 2022), weighted by how likely the model finds each. It ends as soon as the posterior that the
/// leader wins passes the confidence; what still runs is cut.
/// </summary>
public sealed class SelfConsistency(StrategyTask task) : IStrategy
{
    private readonly SampleVote _vote = new(task.Settings.Samples, task.Settings.Window, task.Settings.WindowStep, task.Settings.Confidence);
    private readonly StepResult?[] _results = new StepResult?[task.Settings.Samples];
    private string _fault = "";

    public StrategyAnswer? Best => _vote.Leader is { } leader ? Answer(leader, _vote.Look().Confidence) : FirstText();

    public StrategyMove Begin() => StrategyMove.Start(Draw());

    public StrategyMove On(string step, StepResult result)
    {
        var number = int.Parse(step.AsSpan("sample-".Length), CultureInfo.InvariantCulture);
        _results[number] = result;
        _fault = result.IsDone ? _fault : result.Text;
        _vote.Cast(number, Ballot.Of(result.IsDone && !result.IsTruncated ? AnswerText.Of(result.Text) : null, result.MeanLogprob));
        var stands = _vote.Look();
        var note = string.Join(", ", stands.Tally.Select(static entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Key}: {entry.Value:0.00}")));
        var move = new StrategyMove
        {
            NoteKind = "vote",
            Note = string.Create(CultureInfo.InvariantCulture, $"{note}; confidence {stands.Confidence:0.000}"),
        };
        if (stands.Winner is { } winner)
        {
            return move with { Answer = Answer(winner, stands.Confidence), Saved = _vote.Left };
        }

        if (!_vote.IsComplete)
        {
            return move;
        }

        var next = Draw();
        return next.Length > 0 ? move with { Begin = next }
            : Best is { } best ? move with { Answer = best }
            : move with { Fault = _fault };
    }

    private InferenceStep[] Draw()
    {
        var (from, to) = (_vote.Drawn, _vote.Draw().End.Value);
        return
        [
            .. Enumerable.Range(from, to - from).Select(i => new InferenceStep($"sample-{i}", $"sample {i + 1}", ChainOfThought.Prompt(task))
            {
                MaxTokens = task.Settings.MaxTokens,
                Temperature = task.Settings.Temperature,
                Siblings = "samples",
            }),
        ];
    }

    private StrategyAnswer Answer(string winner, double confidence)
    {
        // Of those that say so the first, whatever came first.
        var text = _results.First(r => r is { IsDone: true, IsTruncated: false } && AnswerText.Of(r.Text) is { } said && AnswerText.Normalise(said) == winner)!.Text;
        return new StrategyAnswer(winner, text, confidence);
    }

    private StrategyAnswer? FirstText() =>
        _results.FirstOrDefault(static r => r is { Text.Length: > 0 } && r.Outcome != StepOutcome.Failed) is { } first ? ChainOfThought.Read(first.Text) with { Confidence = 0 } : null;
}
