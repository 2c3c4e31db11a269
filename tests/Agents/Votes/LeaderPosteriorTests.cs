using Crescent.Agents.Votes;

namespace Crescent.Tests.Agents.Votes;

public sealed class LeaderPosteriorTests
{
    // For whole votes it is a sum of binomials: P(x > 1/2) of Beta(a, b) = P(at most a - 1 of a + b - 1 fair coins fall heads).
    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 0)]
    [InlineData(4, 0)]
    [InlineData(4, 2)]
    [InlineData(9, 7)]
    [InlineData(60, 40)]
    [InlineData(2, 5)]
    public void It_is_the_binomial_sum_for_whole_votes(int leader, int second)
    {
        var n = leader + second + 1;
        double sum = 0, term = Math.Pow(0.5, n);
        for (var k = 0; k <= leader; k++)
        {
            sum += term;
            term *= (double)(n - k) / (k + 1);
        }

        Assert.Equal(sum, LeaderPosterior.Wins(leader, second), 1e-10);
    }

    [Fact]
    public void It_grows_with_the_leaders_votes_and_falls_with_the_others()
    {
        Assert.True(LeaderPosterior.Wins(3.7, 0) < LeaderPosterior.Wins(3.8, 0));
        Assert.True(LeaderPosterior.Wins(3.7, 1.2) < LeaderPosterior.Wins(3.7, 1.1));
    }
}
