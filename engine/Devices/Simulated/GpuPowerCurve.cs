namespace Crescent.Engine.Devices.Simulated;

/// <summary>
/// What one GPU draws while it works. At full clock: prefill a fixed share of its TDP, decode a logistic curve over the logarithm of the batch,
/// a mixed step their average by time. At clock x (share of the highest): P(x) = Ps + (P - Ps) x^a with Ps = 0.17 TDP, a = 2.4 for prefill and 1.7
/// for decode; a cap below P lowers the clock until P(x) meets it.
/// </summary>
public sealed class GpuPowerCurve(GpuModel gpu)
{
    /// <summary>Power that no clock lowers, as a share of the TDP.</summary>
    public const double StaticShare = 0.17;

    /// <summary>Exponent of the clock in prefill's power.</summary>
    public const double PrefillExponent = 2.4;

    /// <summary>Exponent of the clock in decode's power.</summary>
    public const double DecodeExponent = 1.7;

    /// <summary>Lowest clock a cap can force, as a share of the highest.</summary>
    public const double LowestClock = 0.2;

    /// <summary>Power that no clock lowers, W.</summary>
    public double StaticWatts { get; } = gpu.StaticShare * gpu.TdpWatts;

    /// <summary>Prefill at full clock, W.</summary>
    public double PrefillWatts { get; } = gpu.PrefillShare * gpu.TdpWatts;

    /// <summary>Decode of <paramref name="batch"/> sequences at full clock, W.</summary>
    public double DecodeWatts(int batch) =>
        gpu.DecodeBaseWatts + (gpu.DecodeSpanWatts / (1 + Math.Exp(gpu.DecodeMidpoint - Math.Log2(Math.Max(1, batch)))));

    /// <summary>A step at full clock, W, of whose time <paramref name="prefillShare"/> (0 to 1) is prefill.</summary>
    public double FullWatts(int batch, double prefillShare) =>
        batch == 0 ? PrefillWatts : (prefillShare * PrefillWatts) + ((1 - prefillShare) * DecodeWatts(batch));

    /// <summary>The clock at which a step that draws <paramref name="fullWatts"/> at full clock keeps to <paramref name="capWatts"/>.</summary>
    public double Clock(double capWatts, double fullWatts, double prefillShare) => fullWatts <= capWatts
        ? 1
        : Math.Max(LowestClock, Math.Pow(Math.Max(0, capWatts - StaticWatts) / (fullWatts - StaticWatts), 1 / Exponent(prefillShare)));

    /// <summary>Watts at <paramref name="clock"/> of a step that draws <paramref name="fullWatts"/> at full clock.</summary>
    public double Watts(double fullWatts, double clock, double prefillShare) =>
        clock >= 1 ? fullWatts : StaticWatts + ((fullWatts - StaticWatts) * Math.Pow(clock, Exponent(prefillShare)));

    private double Exponent(double prefillShare) => gpu.DecodeExponent + (prefillShare * (gpu.PrefillExponent - gpu.DecodeExponent));
}
