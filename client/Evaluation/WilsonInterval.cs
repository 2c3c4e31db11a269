namespace Crescent.Client.Evaluation;

/// <summary>Wilson's score interval: where the share lies of which a sample was drawn. It stays within 0 and 1, and means something at either end.</summary>
/// <param name="Low">Its lower end, 0 to 1.</param>
/// <param name="High">Its upper end, 0 to 1.</param>
internal readonly record struct WilsonInterval(double Low, double High)
{
    // Two-sided 95 % of the normal distribution.
    private const double Z = 1.959963984540054;

    /// <summary>At 95 %, of <paramref name="hits"/> among <paramref name="count"/>; 0 to 1 for none.</summary>
    public static WilsonInterval Of(int hits, int count)
    {
        if (count == 0)
        {
            return new WilsonInterval(0, 1);
        }

        double n = count;
        var share = hits / n;
        var scale = 1 + (Z * Z / n);
        var middle = (share + (Z * Z / (2 * n))) / scale;
        var half = Z * Math.Sqrt((share * (1 - share) / n) + (Z * Z / (4 * n * n))) / scale;
        return new WilsonInterval(Math.Max(0, middle - half), Math.Min(1, middle + half));
    }
}
