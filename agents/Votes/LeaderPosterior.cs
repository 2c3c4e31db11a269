namespace Crescent.Agents.Votes;

/// <summary>How sure it is that the answer in front would win a vote without end.</summary>
public static class LeaderPosterior
{
    /// <summary>
    /// The probability that the leader's share is above that of the next, after <paramref name="leader"/> and <paramref name="second"/> weighted votes, both
    /// equally likely before: P(x > 1/2) of x ~ Beta(leader + 1, second + 1), as in Adaptive-Consistency (Aggarwal et al. 2023).
    /// </summary>
    /// <returns>0 to 1; 1/2 for two that are level.</returns>
    public static double Wins(double leader, double second) => 1 - RegularizedBeta(0.5, leader + 1, second + 1);

    /// <summary>The regularised incomplete beta function I_x(a, b), a and b of 1 and up, by its continued fraction (Abramowitz and Stegun 26.5.8).</summary>
    internal static double RegularizedBeta(double x, double a, double b)
    {
        // The fraction converges on the side of the mode.
        if (x > (a + 1) / (a + b + 2))
        {
            return 1 - RegularizedBeta(1 - x, b, a);
        }

        var front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + (a * Math.Log(x)) + (b * Math.Log(1 - x))) / a;
        const double tiny = 1e-300;
        var c = 1.0;
        var d = 1 / Off(1 - ((a + b) * x / (a + 1)), tiny);
        var fraction = d;
        for (var m = 1; m <= 300; m++)
        {
            var even = m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)));
            d = 1 / Off(1 + (even * d), tiny);
            c = Off(1 + (even / c), tiny);
            fraction *= d * c;
            var odd = -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            d = 1 / Off(1 + (odd * d), tiny);
            c = Off(1 + (odd / c), tiny);
            fraction *= d * c;
            if (Math.Abs((d * c) - 1) < 1e-14)
            {
                break;
            }
        }

        return front * fraction;
    }

    private static double Off(double value, double tiny) => Math.Abs(value) < tiny ? tiny : value;

    // Stirling's series, shifted up to where it has twelve digits.
    private static double LogGamma(double x)
    {
        var shift = 0.0;
        for (; x < 15; x++)
        {
            shift -= Math.Log(x);
        }

        var square = 1 / (x * x);
        var series = (1 / (12 * x)) * (1 - (square * ((1.0 / 30) - (square * ((1.0 / 105) - (square / 140))))));
        return shift + ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + series;
    }
}
