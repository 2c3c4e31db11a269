using System.Globalization;
using Crescent.Agents.Steps;
using Crescent.Agents.Votes;

namespace Crescent.Agents.Strategies;

/// <summary>
/// Samples lines of thought and takes the best: the one whose tokens have the highest mean logprob, or, with <see cref="StrategySettings.Verify"/>, the likeliest of those that
/// the model itself finds correct.
/// </summary>
public sealed class BestOfN(StrategyTask task) : IStrategy
{
    private const string VerifierForm = "Check each step. End with a line 'Verdict: yes' or 'Verdict: no'.";

    private readonly StepResult?[] _samples = new StepResult?[task.Settings.Samples];
    private readonly bool?[] _verdicts = new bool?[task.Settings.Samples];
    private int _left = task.Settings.Samples;
    private string _fault = "";

    public StrategyAnswer? Best
    {
        get
        {
            var best = -1;
            for (var i = 0; i < _samples.Length; i++)
            {
                if (_samples[i] is { IsDone: true } && (best < 0 || Score(i) > Score(best)))
                {
                    best = i;
                }
            }

            return best < 0 ? null : ChainOfThought.Read(_samples[best]!.Text);
        }
    }

    public StrategyMove Begin() => StrategyMove.Start(
    [
        .. Enumerable.Range(0, _samples.Length).Select(i => new InferenceStep($"sample-{i}", $"sample {i + 1}", ChainOfThought.Prompt(task))
        {
            MaxTokens = task.Settings.MaxTokens,
            Temperature = task.Settings.Temperature,
            Siblings = "samples",
        }),
    ]);

    public StrategyMove On(string step, StepResult result)
    {
        var dash = step.LastIndexOf('-');
        var number = int.Parse(step.AsSpan(dash + 1), CultureInfo.InvariantCulture);
        if (step.StartsWith("verify", StringComparison.Ordinal))
        {
            // A verifier that fails says nothing against the sample.
            _verdicts[number] = result.IsDone ? Verdict(result.Text) : null;
        }
        else
        {
            _samples[number] = result;
            _fault = result.IsDone ? _fault : result.Text;
            if (task.Settings.Verify && result is { IsDone: true, IsTruncated: false })
            {
                return StrategyMove.Start(Verify(number, result.Text));
            }
        }

        return --_left > 0 ? StrategyMove.Wait : Best is { } best ? StrategyMove.End(best) : StrategyMove.Fail(_fault);
    }

    private InferenceStep Verify(int number, string solution) => new(
        $"verify-{number}", $"verify {number + 1}",
        task.Ask($"Problem: {task.Problem}\nSolution:\n{solution.Trim()}\nIs this solution correct? Answer yes or no.", VerifierForm))
    {
        MaxTokens = task.Settings.MaxTokens,
    };

    private double Score(int i)
    {
        var sample = _samples[i]!;
        var verdict = _verdicts[i] switch { true => 1000, null => 0, false => -1000 };
        return sample.MeanLogprob + verdict - (sample.IsTruncated ? 100 : 0);
    }

    private static bool? Verdict(string text) => (AnswerText.After(text, "Verdict:") ?? AnswerText.Of(text))?.ToLowerInvariant() switch
    {
        { } said when said.StartsWith("yes", StringComparison.Ordinal) => true,
        { } said when said.StartsWith("no", StringComparison.Ordinal) => false,
        _ => null,
    };
}
