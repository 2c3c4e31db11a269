namespace Crescent.Agents.Votes;

/// <summary>
/// A vote over samples that come in any order and ends early: after the first window, and after each step more, it is looked at whether the posterior that the leader wins
/// has passed the confidence. A sample counts by its number, not by when it came, and one that is not there yet is waited for only as long as it could change who
/// wins: so the winner is the same in whatever order samples come (for weights between none and a whole vote: with a confidence of .9 and up).
/// </summary>
/// <param name="samples">Samples at the most, 1 and up.</param>
/// <param name="window">Samples that are drawn first, 1 and up.</param>
/// <param name="step">Samples that are drawn at a time after that, 1 and up.</param>
/// <param name="confidence">Posterior at which it ends, .5 to 1; 1 draws all samples.</param>
public sealed class SampleVote(int samples, int window, int step, double confidence)
{
    // How many completions of what is missing are looked at before the vote just waits.
    private const int MaxCompletions = 4096;

    private readonly Ballot?[] _ballots = new Ballot?[samples];

    /// <summary>Samples that have been asked for.</summary>
    public int Drawn { get; private set; }

    /// <summary>Samples that have not been asked for.</summary>
    public int Left => samples - Drawn;

    /// <summary>Draws the next samples.</summary>
    /// <returns>Their numbers; none when all are drawn.</returns>
    public Range Draw()
    {
        var from = Drawn;
        Drawn = Math.Min(samples, from == 0 ? window : from + step);
        return from..Drawn;
    }

    /// <summary>Takes the ballot of sample <paramref name="number"/>.</summary>
    public void Cast(int number, Ballot ballot) => _ballots[number] = ballot;

    /// <summary>Whether all samples that were drawn have come.</summary>
    public bool IsComplete => !_ballots.AsSpan(0, Drawn).Contains(null);

    /// <summary>Where it stands.</summary>
    public VoteOutcome Look()
    {
        var missing = Enumerable.Range(0, Drawn).Where(i => _ballots[i] is null).ToArray();
        var known = Tally(_ballots.AsSpan(0, Drawn));
        var sure = Confidence(known);
        if (missing.Length == 0)
        {
            return new VoteOutcome(Winner(_ballots), sure, known);
        }

        // The share of each answer only grows or only falls with the weight of a missing ballot, so none and one whole vote for each answer, and for one that
        // nobody has given yet, are all that can decide.
        Ballot[] options = [new Ballot(null, 0), .. known.Select(static a => new Ballot(a.Key, 1)), new Ballot("\0", 1)];
        if (Math.Pow(options.Length, missing.Length) > MaxCompletions)
        {
            return new VoteOutcome(null, sure, known);
        }

        var trial = (Ballot?[])_ballots.Clone();
        string? winner = null;
        for (long completion = 0, all = (long)Math.Pow(options.Length, missing.Length); completion < all; completion++)
        {
            var rest = completion;
            foreach (var place in missing)
            {
                trial[place] = options[rest % options.Length];
                rest /= options.Length;
            }

            var wins = Winner(trial);
            if (wins is null || wins == "\0" || (winner is not null && winner != wins))
            {
                return new VoteOutcome(null, sure, known);
            }

            winner = wins;
        }

        return new VoteOutcome(winner, sure, known);
    }

    /// <summary>The leader of what is there, whoever may win; null while nobody has voted.</summary>
    public string? Leader => Tally(_ballots.AsSpan(0, Drawn)) is [var first, ..] ? first.Key : null;

    /// <summary>Who has won by the ballots up to the first look at which the posterior has passed; at the end of all samples, who leads.</summary>
    private string? Winner(Ballot?[] ballots)
    {
        for (var seen = Math.Min(window, samples); seen <= Drawn; seen = seen == samples ? samples + 1 : Math.Min(samples, seen + step))
        {
            var tally = Tally(ballots.AsSpan(0, seen));
            if (tally.Count > 0 && (seen == samples || (confidence < 1 && Confidence(tally) >= confidence)))
            {
                return tally[0].Key;
            }
        }

        return null;
    }

    private static double Confidence(List<KeyValuePair<string, double>> tally) => tally.Count switch
    {
        0 => 0,
        1 => LeaderPosterior.Wins(tally[0].Value, 0),
        _ => LeaderPosterior.Wins(tally[0].Value, tally[1].Value),
    };

    // Of two that are level the one with the first sample leads.
    private static List<KeyValuePair<string, double>> Tally(ReadOnlySpan<Ballot?> ballots)
    {
        var tally = new List<KeyValuePair<string, double>>();
        foreach (var ballot in ballots)
        {
            if (ballot is { Answer: { } answer, Weight: var weight })
            {
                var at = tally.FindIndex(entry => entry.Key == answer);
                if (at < 0)
                {
                    tally.Add(new(answer, weight));
                }
                else
                {
                    tally[at] = new(answer, tally[at].Value + weight);
                }
            }
        }

        return [.. tally.OrderByDescending(static entry => entry.Value)];
    }
}
