using Crescent.Control.Placement;
using CsCheck;

namespace Crescent.Tests.Control.Placement;

public sealed class OutputLengthSharesTests
{
    [Fact]
    public void Nothing_is_short_before_an_output_has_ended()
    {
        Assert.Equal(0, new OutputLengthShares().Below(100, out var now));
        Assert.Equal(0, now);
    }

    [Fact]
    public void The_share_of_outputs_below_a_length_is_that_of_those_that_ended()
    {
        Gen.Int[1, 4000].Array[1, 400].Sample(static lengths =>
        {
            var shares = new OutputLengthShares();
            foreach (var tokens in lengths)
            {
                shares.Learn(tokens);
            }

            var times = lengths.Where(static tokens => tokens > 1).Select(static tokens => tokens - 1).ToList();
            for (var edge = 2; edge <= 4096; edge *= 2)
            {
                var below = shares.Below(edge, out var now);
                var expected = times.Count == 0 ? 0 : times.Count(n => n < edge) / (double)times.Count;
                Assert.Equal(expected, below, 1e-9);
                Assert.Equal(times.Count == 0 ? 0 : times.Where(n => n < edge).Sum() / (double)times.Sum(), now, 1e-9);
                Assert.True(now <= below + 1e-9, "A long output is met more often than a short one.");
            }
        });
    }

    [Fact]
    public void Old_outputs_are_forgotten()
    {
        var shares = new OutputLengthShares();
        for (var i = 0; i < 10_000; i++)
        {
            shares.Learn(i < 5_000 ? 4 : 900);
        }

        Assert.InRange(shares.Below(64, out _), 0, 0.001);
    }
}
