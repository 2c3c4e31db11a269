using Crescent.Agents.Votes;
using CsCheck;

namespace Crescent.Tests.Agents.Votes;

public sealed class SampleVoteTests
{
    private static readonly Gen<Ballot> Ballots = Gen.Select(Gen.Int[0, 3], Gen.Double[0, 1], static (answer, weight) => new Ballot(answer == 3 ? null : "abc"[answer..(answer + 1)], weight));

    [Fact]
    public void Four_that_agree_are_enough_and_three_are_not()
    {
        var vote = new SampleVote(16, 4, 2, 0.95);
        Assert.Equal(0..4, vote.Draw());
        for (var i = 0; i < 3; i++)
        {
            vote.Cast(i, new Ballot("24", 1));
            Assert.Null(vote.Look().Winner);
        }

        vote.Cast(3, new Ballot("24", 1));
        Assert.Equal("24", vote.Look().Winner);
    }

    [Fact]
    public void One_against_three_draws_more()
    {
        var vote = new SampleVote(16, 4, 2, 0.95);
        vote.Draw();
        for (var i = 0; i < 4; i++)
        {
            vote.Cast(i, new Ballot(i == 1 ? "25" : "24", 1));
        }

        Assert.Null(vote.Look().Winner);
        Assert.Equal(4..6, vote.Draw());
    }

    [Fact]
    public void A_straggler_is_not_waited_for_when_it_can_change_nothing()
    {
        // Four of six say the same: whatever the two say that are not there, it wins at the first look or leads at the end.
        var vote = new SampleVote(6, 4, 2, 0.95);
        vote.Draw();
        vote.Draw();
        for (var i = 1; i < 5; i++)
        {
            Assert.Null(vote.Look().Winner);
            vote.Cast(i, new Ballot("24", 1));
        }

        Assert.Equal("24", vote.Look().Winner);
        Assert.False(vote.IsComplete);
    }

    [Fact]
    public void The_winner_does_not_depend_on_the_order_in_which_samples_come()
    {
        Gen.Select(Ballots.Array[10], Gen.Int[1, 5], Gen.Int[1, 3], Gen.Int[0, 3], Gen.Int).Sample((ballots, window, step, confidence, seed) =>
        {
            double[] levels = [0.8, 0.9, 0.95, 1];
            return Play(ballots, window, step, levels[confidence], static _ => 0) == Play(ballots, window, step, levels[confidence], new Random(seed).Next);
        });
    }

    [Fact]
    public void All_samples_that_are_drawn_give_it_to_whoever_leads()
    {
        Assert.Equal("b", Play([new("a", 1), new("b", 1), new("b", 1), new("a", 0.5)], 4, 1, 1, static _ => 0));
        Assert.Equal("a", Play([new("a", 1), new("b", 1)], 2, 1, 1, static _ => 0));
        Assert.Null(Play([default, default], 2, 1, 1, static _ => 0));
    }

    // Casts ballots in the order that next chooses among those under way, draws when all have come, and gives the winner.
    private static string? Play(Ballot[] ballots, int window, int step, double confidence, Func<int, int> next)
    {
        var vote = new SampleVote(ballots.Length, window, step, confidence);
        var open = new List<int>();
        while (true)
        {
            var drawn = vote.Draw();
            open.AddRange(Enumerable.Range(drawn.Start.Value, drawn.End.Value - drawn.Start.Value));
            if (open.Count == 0)
            {
                return vote.Look().Winner;
            }

            while (open.Count > 0)
            {
                var at = next(open.Count);
                vote.Cast(open[at], ballots[open[at]]);
                open.RemoveAt(at);
                if (vote.Look().Winner is { } winner)
                {
                    return winner;
                }
            }
        }
    }
}
