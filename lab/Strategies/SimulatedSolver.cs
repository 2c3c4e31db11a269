using System.Globalization;
using System.Text;
using Crescent.Agents.Steps;
using Crescent.Agents.Votes;

namespace Crescent.Lab.Strategies;

/// <summary>
/// A model that solves problems by chance, so that strategies can be played without one. It is right about a problem with a probability that is the problem's own; what it says otherwise
/// is one of a few wrong answers, the first of them most often, so that wrong samples agree now and then. All of it is assumed, and nothing fitted: a study compares strategies under one
/// assumption, and measures no model.
/// </summary>
internal sealed class SimulatedSolver
{
    private readonly SolverOptions _options;
    private readonly Random _problem;
    private readonly int _seed;

    /// <param name="options">The assumptions.</param>
    /// <param name="number">The problem.</param>
    /// <param name="seed">Of the run.</param>
    public SimulatedSolver(SolverOptions options, int number, int seed)
    {
        _options = options;
        _seed = HashCode(number, seed);
        _problem = new Random(_seed);
        Answer = $"{_problem.Next(10_000, 100_000)}";
        var right = options.Accuracy * options.Agreement;
        Chance = Beta(_problem, right, options.Agreement - right);
        var words = new StringBuilder($"Problem {number} of run {seed}.\n");
        for (var tokens = Length(_problem, options.PromptTokens); words.Length < tokens * SolverOptions.CharactersPerToken;)
        {
            words.Append(_problem.Next(10, 100)).Append(words.Length % 40 < 3 ? '\n' : ' ');
        }

        Problem = words.ToString();
    }

    /// <summary>What is asked.</summary>
    public string Problem { get; }

    /// <summary>The right answer.</summary>
    public string Answer { get; }

    /// <summary>Probability that a sample is right, 0 to 1.</summary>
    public double Chance { get; }

    /// <summary>What the model says to a step, and how many tokens that is. The same step of the same problem always has the same.</summary>
    public (StepResult Result, int Tokens) Say(InferenceStep step)
    {
        var random = new Random(HashCode(_seed, StableHash(step.Id)));
        var full = Math.Clamp(Length(random, _options.OutputTokens), 1, step.MaxTokens);
        var brief = Math.Clamp(full / SolverOptions.BriefShare, 1, step.MaxTokens);
        var kind = step.Id.Split('-')[0];
        return kind switch
        {
            "plan" => Text(brief, "1. Find the first part.\n2. Find the second part.\n3. Put #1 and #2 together."),
            "step" => Text(full, "Result: found"),
            "next" => Text(brief, random.NextDouble() < 1.0 / 3 ? $"Answer: {Draw(random)}" : $"Consider {random.Next(4)}."),
            "rate" => Text(brief, $"Score: {Math.Clamp((int)Math.Round((IsRight(step) ? 7 : 5) + (2 * Normal(random))), 1, 10)}"),
            "verify" => Text(brief, $"Verdict: {(IsRight(step) == random.NextDouble() < _options.JudgeAccuracy ? "yes" : "no")}"),
            "think" when step.UsesTools && Round(step) < _options.ToolRounds => (Said("") with { Calls = [new AskedTool("0", SolverOptions.Tool, "{}")] }, brief),
            _ => Text(full, null),
        };

        (StepResult, int) Text(int tokens, string? text)
        {
            if (text is not null)
            {
                return (Said(text), tokens);
            }

            var answer = Draw(random);
            var mean = answer == Answer ? _options.RightLogprob : _options.WrongLogprob;
            return (Said($"Answer: {answer}") with { MeanLogprob = Math.Min(0, mean + (_options.LogprobSpread * Normal(random))) }, tokens);
        }
    }

    private static StepResult Said(string text) => new() { Text = text, MeanLogprob = -0.3 };

    private static int Round(InferenceStep step) => int.Parse(step.Id.AsSpan(step.Id.LastIndexOf('-') + 1), CultureInfo.InvariantCulture);

    /// <summary>Whether what a step is to judge comes to the right answer, or, where it has none yet, might.</summary>
    private bool IsRight(InferenceStep step) => AnswerText.Marked(step.Messages[^1].Content) is not { } said || said == Answer;

    private string Draw(Random random)
    {
        if (random.NextDouble() < Chance)
        {
            return Answer;
        }

        var wrong = 1;
        while (wrong < SolverOptions.WrongAnswers && random.NextDouble() < 0.5)
        {
            wrong++;
        }

        return $"{int.Parse(Answer, CultureInfo.InvariantCulture) + wrong}";
    }

    /// <summary>A length with a mean, log-normal with a coefficient of variation of a half.</summary>
    private static int Length(Random random, int mean)
    {
        var variance = Math.Log(1 + (0.5 * 0.5));
        return Math.Max(1, (int)Math.Round(mean * Math.Exp((Math.Sqrt(variance) * Normal(random)) - (variance / 2))));
    }

    /// <summary>A draw of Beta(a, b) as the share of one of two gamma draws.</summary>
    private static double Beta(Random random, double a, double b)
    {
        var first = Gamma(random, a);
        return first / (first + Gamma(random, b));
    }

    /// <summary>A draw of Gamma(shape, 1) by Marsaglia and Tsang (2000).</summary>
    private static double Gamma(Random random, double shape)
    {
        if (shape < 1)
        {
            return Gamma(random, shape + 1) * Math.Pow(1 - random.NextDouble(), 1 / shape);
        }

        var d = shape - (1.0 / 3);
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var x = Normal(random);
            var v = Math.Pow(1 + (c * x), 3);
            if (v > 0 && Math.Log(1 - random.NextDouble()) < (0.5 * x * x) + d - (d * v) + (d * Math.Log(v)))
            {
                return d * v;
            }
        }
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static int HashCode(int a, int b) => (int)(((uint)a * 2654435761u) ^ ((uint)b * 2246822519u) ^ ((uint)b >> 15));

    // The framework's differs from run to run.
    private static int StableHash(string text)
    {
        var hash = 2166136261u;
        foreach (var character in text)
        {
            hash = (hash ^ character) * 16777619u;
        }

        return (int)hash;
    }
}
