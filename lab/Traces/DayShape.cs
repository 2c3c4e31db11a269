namespace Crescent.Lab.Traces;

/// <summary>
/// How many requests come at which time of a day: a cosine from its trough at the beginning to its peak in the middle. Assumed, not measured: the public traces at
/// hand are of an hour.
/// </summary>
/// <param name="Trough">Requests a second at the trough, as a share of those at the peak; 0 to 1.</param>
/// <param name="Seconds">Length of a day, s.</param>
public sealed record DayShape(double Trough, double Seconds)
{
    public const double DefaultTrough = 0.25;

    /// <summary>Share of the peak at a moment.</summary>
    public double At(double seconds) => Trough + ((1 - Trough) * (1 - Math.Cos(2 * Math.PI * seconds / Seconds)) / 2);

    /// <summary>Of what arrives at the peak's rate, what arrives by this shape; the same for the same seed. Bursts stay bursts.</summary>
    public IEnumerable<Arrival> Of(IEnumerable<Arrival> peak, int seed)
    {
        var random = new Random(seed);
        return peak.Where(arrival => random.NextDouble() < At(arrival.Seconds));
    }
}
