namespace Crescent.Client.Load.Measures;

/// <summary>Student's t distribution of whole degrees of freedom.</summary>
/// <remarks>Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.</remarks>
internal static class StudentT
{
    private const double Largest = 1e6;
    private const int Halvings = 100;

    /// <summary>What the size of t does not exceed with this probability.</summary>
    /// <param name="confidence">Above 0 and below 1.</param>
    /// <param name="degrees">Of freedom; 1 and up.</param>
    public static double TwoSided(double confidence, int degrees)
    {
        var (low, high) = (0.0, Largest);
        for (var i = 0; i < Halvings; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = Within(middle, degrees) < confidence ? (middle, high) : (low, middle);
        }

        return high;
    }

    /// <summary>The probability that the size of t is at most <paramref name="t"/>.</summary>
    public static double Within(double t, int degrees)
    {
        var angle = Math.Atan(t / Math.Sqrt(degrees));
        var (sine, cosine) = Math.SinCos(angle);
        var isOdd = degrees % 2 == 1;
        var (sum, term) = (0.0, isOdd ? cosine : 1);
        for (var i = isOdd ? 1 : 0; i < degrees - 1; i += 2)
        {
            sum += term;
            term *= cosine * cosine * (i + 1) / (i + 2);
        }

        return isOdd ? 2 / Math.PI * (angle + (sine * sum)) : sine * sum;
    }
}
