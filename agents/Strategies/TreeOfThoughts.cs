using System.Globalization;
using Crescent.Agents.Steps;
using Crescent.Agents.Votes;

namespace Crescent.Agents.Strategies;

/// <summary>
/// A beam search over lines of thought (Yao et al. 2023): several next steps are drawn for each line, the model rates what has come of them, and the best go on. A line ends with
/// its answer; the best line that has one wins.
/// </summary>
public sealed class TreeOfThoughts(StrategyTask task) : IStrategy
{
    private const string NextForm = "Write one line: the next step, or, when nothing is left to do, 'Answer: ' and the answer.";
    private const string RateForm = "End with a line 'Score: ' and a number from 1 to 10.";

    private readonly Dictionary<string, string> _drawn = [];
    private readonly List<Thought> _ended = [];
    private List<Thought> _beam = [new([], 0)];
    private List<Thought> _candidates = [];
    private int _round;
    private int _open;
    private string _fault = "";

    public StrategyAnswer? Best => (BestOf(_ended) ?? BestOf(_beam)) is { Lines.Length: > 0 } best ? best.ToAnswer() : null;

    public StrategyMove Begin() => StrategyMove.Start(Draw());

    public StrategyMove On(string step, StepResult result)
    {
        _open--;
        _fault = result.IsDone ? _fault : result.Text;
        if (step.StartsWith("next-", StringComparison.Ordinal))
        {
            if (result.IsDone && FirstLine(result.Text) is { } line)
            {
                _drawn[step] = line;
            }

            return _open > 0 ? StrategyMove.Wait : Drawn();
        }

        // What cannot be rated is neither good nor bad.
        var number = int.Parse(step.AsSpan(step.LastIndexOf('-') + 1), CultureInfo.InvariantCulture);
        _candidates[number] = _candidates[number] with { Score = result.IsDone ? Score(result.Text) : 5 };
        return _open > 0 ? StrategyMove.Wait : Rated();
    }

    private InferenceStep[] Draw()
    {
        var steps = new List<InferenceStep>();
        for (var line = 0; line < _beam.Count; line++)
        {
            var prompt = task.Ask($"Problem: {task.Problem}\nSteps so far: {_beam[line].ToPrompt()}\nWrite the next step.", NextForm);
            steps.AddRange(Enumerable.Range(0, task.Settings.Branches).Select(branch =>
                new InferenceStep($"next-{_round}-{line}-{branch}", $"step {_round + 1}, line {line + 1}, branch {branch + 1}", prompt)
                {
                    MaxTokens = task.Settings.MaxTokens,
                    Temperature = task.Settings.Temperature,
                    Siblings = $"next-{_round}-{line}",
                }));
        }

        _open = steps.Count;
        return [.. steps];
    }

    /// <summary>All next steps are there: different ones are rated, in the order of their numbers.</summary>
    private StrategyMove Drawn()
    {
        _candidates = [];
        for (var line = 0; line < _beam.Count; line++)
        {
            for (var branch = 0; branch < task.Settings.Branches; branch++)
            {
                if (_drawn.TryGetValue($"next-{_round}-{line}-{branch}", out var text))
                {
                    var thought = new Thought([.. _beam[line].Lines, text], 0);
                    if (!_candidates.Exists(other => other.Lines.SequenceEqual(thought.Lines)))
                    {
                        _candidates.Add(thought);
                    }
                }
            }
        }

        _open = _candidates.Count;
        return _open == 0
            ? Finish()
            : StrategyMove.Start([.. _candidates.Select((candidate, i) => new InferenceStep(
                $"rate-{_round}-{i}", $"rate {i + 1} of step {_round + 1}",
                task.Ask($"Problem: {task.Problem}\nSteps so far: {candidate.ToPrompt()}\nRate these steps from 1 to 10.", RateForm))
            {
                MaxTokens = task.Settings.MaxTokens,
            })]);
    }

    private StrategyMove Rated()
    {
        _ended.AddRange(_candidates.Where(static candidate => candidate.HasAnswer));
        _beam = [.. _candidates.Where(static candidate => !candidate.HasAnswer).OrderByDescending(static candidate => candidate.Score).Take(task.Settings.Beam)];
        _round++;

        // A line that goes on is worth it only while it may be rated above the best that has ended.
        var best = BestOf(_ended)?.Score ?? 0;
        _beam.RemoveAll(line => line.Score <= best);
        return _beam.Count == 0 || _round >= task.Settings.Depth ? Finish() : StrategyMove.Start(Draw());
    }

    private StrategyMove Finish() => Best is { } best ? StrategyMove.End(best) : StrategyMove.Fail(_fault.Length > 0 ? _fault : "no step was written");

    private static Thought? BestOf(List<Thought> thoughts) => thoughts.OrderByDescending(static thought => thought.Score).FirstOrDefault();

    private static string? FirstLine(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault();

    private static double Score(string text) =>
        double.TryParse((AnswerText.After(text, "Score:") ?? AnswerText.Of(text))?.Split('/', ' ')[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var score)
            ? Math.Clamp(score, 1, 10)
            : 5;

    private sealed record Thought(string[] Lines, double Score)
    {
        public bool HasAnswer => Lines.Length > 0 && AnswerText.Marked(Lines[^1]) is not null;

        public string ToPrompt() => Lines.Length == 0 ? "none" : "\n" + string.Join('\n', Lines);

        public StrategyAnswer ToAnswer() => ChainOfThought.Read(string.Join('\n', Lines)) with { Confidence = Score / 10 };
    }
}
