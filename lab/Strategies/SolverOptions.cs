namespace Crescent.Lab.Strategies;

/// <summary>What is assumed of a model that solves problems by chance. Nothing here was fitted to one.</summary>
public sealed record SolverOptions
{
    /// <summary>Characters that stand for a token of a prompt.</summary>
    public const int CharactersPerToken = 4;

    /// <summary>Plans, single lines, verdicts, scores and calls of tools have a full answer's tokens divided by this.</summary>
    public const int BriefShare = 8;

    /// <summary>Different wrong answers to a problem; each is half as likely as the one before.</summary>
    public const int WrongAnswers = 8;

    /// <summary>Name of the one tool.</summary>
    public const string Tool = "lookup";

    /// <summary>Share of right samples over all problems, above 0 and below 1.</summary>
    public double Accuracy { get; init; } = 0.7;

    /// <summary>Sum of the two parameters of the Beta distribution that a problem's probability is drawn of: a small one makes problems easy or hopeless, a large one all alike; above 0.</summary>
    public double Agreement { get; init; } = 2;

    /// <summary>Tokens of a problem, in the mean; 1 and up.</summary>
    public int PromptTokens { get; init; } = 256;

    /// <summary>Tokens of a full answer, in the mean; 1 and up.</summary>
    public int OutputTokens { get; init; } = 384;

    /// <summary>Probability that the model judges a sample rightly, 0 to 1.</summary>
    public double JudgeAccuracy { get; init; } = 0.75;

    /// <summary>Mean logprob of a right sample, at most 0.</summary>
    public double RightLogprob { get; init; } = -0.3;

    /// <summary>Mean logprob of a wrong one, at most 0.</summary>
    public double WrongLogprob { get; init; } = -0.33;

    /// <summary>Standard deviation of both.</summary>
    public double LogprobSpread { get; init; } = 0.1;

    /// <summary>Rounds in which <c>react</c> calls the tool before it answers.</summary>
    public int ToolRounds { get; init; } = 2;

    /// <summary>Time that the tool takes, s.</summary>
    public double ToolSeconds { get; init; } = 2;
}
