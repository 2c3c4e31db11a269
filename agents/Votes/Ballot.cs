namespace Crescent.Agents.Votes;

/// <summary>What a sample says.</summary>
/// <param name="Answer">Its answer in one form (<see cref="AnswerText.Normalise"/>); null for one that has none.</param>
/// <param name="Weight">How much it counts, 0 to 1: how likely the model finds its own text, a token.</param>
public readonly record struct Ballot(string? Answer, double Weight)
{
    /// <summary>The ballot of a sample with <paramref name="answer"/> whose tokens have the mean logprob <paramref name="meanLogprob"/>.</summary>
    public static Ballot Of(string? answer, double meanLogprob) =>
        answer is null ? default : new Ballot(AnswerText.Normalise(answer), Math.Exp(Math.Min(0, meanLogprob)));
}
