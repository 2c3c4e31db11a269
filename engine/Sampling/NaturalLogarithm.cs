namespace Crescent.Engine.Sampling;

/// <summary>The logarithm by additions, products and quotients alone, which have the same bits on every processor; a library's may not.</summary>
internal static class NaturalLogarithm
{
    private const double Ln2 = 0.6931471805599453;

    /// <summary>log(x) of a positive finite number, within a few units of the last place.</summary>
    public static double Of(double x)
    {
        var exponent = Math.ILogB(x);
        var mantissa = Math.ScaleB(x, -exponent);
        if (mantissa > 1.4142135623730951)
        {
            mantissa /= 2;
            exponent++;
        }

        // log(m) = 2 artanh((m - 1) / (m + 1)); |s| is at most 0.172, so that twelve terms leave less than 1e-18.
        var s = (mantissa - 1) / (mantissa + 1);
        var square = s * s;
        var series = 0.0;
        for (var n = 23; n > 0; n -= 2)
        {
            series = (series * square) + (1.0 / n);
        }

        return (exponent * Ln2) + (2 * s * series);
    }
}
