namespace Crescent.Engine.Model.Layers;

/// <summary>
/// Rotary position embedding of the first <see cref="Dimensions"/> values of a head; those behind stay as they are. Base, factors and scaling are
/// already in the frequencies. Layers that turn alike share one instance.
/// </summary>
/// <param name="Layout">Which values turn together.</param>
/// <param name="Frequencies">Radians a position by which each pair turns (dimensions / 2).</param>
/// <param name="Magnitude">What sines and cosines are multiplied by, so that scores are by its square.</param>
public sealed record RopeSettings(RopeLayout Layout, IReadOnlyList<double> Frequencies, double Magnitude = 1)
{
    /// <summary>Values of a head that turn; even.</summary>
    public int Dimensions => 2 * Frequencies.Count;

    /// <summary>theta^(-2 i / dimensions) for each pair i.</summary>
    public static double[] Plain(double theta, int dimensions) =>
        [.. Enumerable.Range(0, dimensions / 2).Select(i => Math.Pow(theta, -2.0 * i / dimensions))];

    /// <summary>
    /// YaRN (https://arxiv.org/abs/2309.00071): pairs that turn less than <paramref name="slow"/> times in the original context are slowed down by
    /// <paramref name="factor"/>, those that turn more than <paramref name="fast"/> times are kept, with a ramp between.
    /// </summary>
    public static double[] Yarn(double theta, int dimensions, double factor, double originalContext, double fast = 32, double slow = 1)
    {
        var low = Math.Max(0, Math.Floor(PairThatTurns(fast)));
        var high = Math.Min(dimensions - 1, Math.Ceiling(PairThatTurns(slow)));
        var frequencies = Plain(theta, dimensions);
        for (var i = 0; i < frequencies.Length; i++)
        {
            var keep = 1 - Math.Clamp((i - low) / Math.Max(0.001, high - low), 0, 1);
            frequencies[i] = (frequencies[i] / factor * (1 - keep)) + (frequencies[i] * keep);
        }

        return frequencies;

        double PairThatTurns(double turns) => dimensions * Math.Log(originalContext / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
    }
}
