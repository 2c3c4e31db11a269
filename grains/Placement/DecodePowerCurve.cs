namespace Crescent.Grains.Placement;

/// <summary>
/// Power of decoding as a share of the cap over the batch: idle below one sequence, then a logistic curve in the logarithm of the
/// batch. The form and the constants are those of H100 measurements (300 W + 300 W / (1 + e^-(log2 b - 4.2)) of 700 W); other devices
/// differ in scale more than in form, and a device's own curve replaces it where one is known.
/// </summary>
public static class DecodePowerCurve
{
    private const double IdleShare = 0.11;
    private const double BaseShare = 300.0 / 700;
    private const double RiseShare = 300.0 / 700;
    private const double Middle = 4.2;

    /// <summary>Watts of a device with <paramref name="capWatts"/> that decodes <paramref name="batch"/> sequences.</summary>
    public static double Watts(double capWatts, int batch) => batch <= 0
        ? IdleShare * capWatts
        : (BaseShare + (RiseShare / (1 + Math.Exp(Middle - Math.Log2(batch))))) * capWatts;

    /// <summary>Watts that one more sequence adds to <paramref name="batch"/>.</summary>
    public static double AddedWatts(double capWatts, int batch) => Watts(capWatts, batch + 1) - Watts(capWatts, batch);
}
