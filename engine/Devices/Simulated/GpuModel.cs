namespace Crescent.Engine.Devices.Simulated;

/// <summary>
/// What a data sheet says of a GPU, and the constants of its power curves. All rates are peaks: dense TFLOPS (10^12 a second), GB = 10^9
/// bytes, watts of one GPU. How much of a peak a kernel reaches is in <see cref="TimingParameters"/>.
/// </summary>
public sealed record GpuModel
{
    /// <summary>Such as <c>h100-sxm</c>.</summary>
    public required string Name { get; init; }

    /// <summary>For a human.</summary>
    public required string Description { get; init; }

    /// <summary>Dense BF16 TFLOPS.</summary>
    public required double Bf16Tflops { get; init; }

    /// <summary>Dense FP8 TFLOPS; 0 where FP8 weights are widened to BF16 before they are multiplied.</summary>
    public double Fp8Tflops { get; init; }

    /// <summary>Dense FP4 TFLOPS; 0 where FP4 weights are widened to the next narrower type the GPU has.</summary>
    public double Fp4Tflops { get; init; }

    /// <summary>Memory, GB.</summary>
    public required double MemoryGigabytes { get; init; }

    /// <summary>Memory bandwidth, TB/s.</summary>
    public required double MemoryTerabytesPerSecond { get; init; }

    /// <summary>Share of that bandwidth that kernels reach beside Hopper's: the same kernels get less of the newest memory.</summary>
    public double MemoryFactor { get; init; } = 1;

    /// <summary>Bandwidth to the other GPUs of a tensor-parallel group, GB/s, one way.</summary>
    public required double LinkGigabytesPerSecond { get; init; }

    /// <summary>GPUs that reach each other at that bandwidth: the largest tensor-parallel group.</summary>
    public int LinkDomain { get; init; } = 8;

    /// <summary>
    /// Bandwidth to its host's memory that copies reach, GB/s, one way: about 55 of the 64 of PCIe 5 x16, 25 of the 32 of PCIe 4 x16, 0.8 of NVLink-C2C.
    /// </summary>
    public double HostLinkGigabytesPerSecond { get; init; } = 55;

    /// <summary>
    /// What a byte costs on its way between its memory and the host's, J/GB: some 12 pJ a bit for both memories and the link. An estimate of this project.
    /// </summary>
    public double HostCopyJoulesPerGigabyte { get; init; } = 0.1;

    /// <summary>Time of the host's work per step beside an x86 server's (1): the single-thread speed of the processor it is sold with.</summary>
    public double HostFactor { get; init; } = 1;

    /// <summary>Thermal design power: the highest cap.</summary>
    public required double TdpWatts { get; init; }

    /// <summary>Share of its server's power at full load that falls to one GPU; 0 for 225 W + 1.5 TDP.</summary>
    public double ServerWattsAtFullLoad { get; init; }

    /// <summary>What one GPU takes of a site's power, its part of the server included, W.</summary>
    public double ServerWatts => ServerWattsAtFullLoad > 0 ? ServerWattsAtFullLoad : 225 + (1.5 * TdpWatts);

    /// <summary>Lowest cap the driver takes.</summary>
    public required double MinCapWatts { get; init; }

    /// <summary>With a context open and clocks down: an open context holds 26 to 50 W above <see cref="BareWatts"/> on H100 and A100, for as long as it lives and whatever it holds.</summary>
    public required double IdleWatts { get; init; }

    /// <summary>With no context open; null where that is not known, and as much as with one then.</summary>
    public double? BareIdleWatts { get; init; }

    /// <inheritdoc cref="BareIdleWatts"/>
    [System.Text.Json.Serialization.JsonIgnore]
    public double BareWatts => BareIdleWatts ?? IdleWatts;

    /// <summary>With clocks still up after a step, while nothing runs.</summary>
    public required double AwakeWatts { get; init; }

    /// <summary>How long the clocks stay up after a step, s.</summary>
    public double AwakeSeconds { get; init; } = 2;

    /// <summary>Decode draws DecodeBaseWatts + DecodeSpanWatts / (1 + e^-(log2 batch - DecodeMidpoint)) at full clock.</summary>
    public required double DecodeBaseWatts { get; init; }

    /// <inheritdoc cref="DecodeBaseWatts"/>
    public required double DecodeSpanWatts { get; init; }

    /// <inheritdoc cref="DecodeBaseWatts"/>
    public required double DecodeMidpoint { get; init; }

    /// <summary>Prefill at full clock, as a share of <see cref="TdpWatts"/>.</summary>
    public double PrefillShare { get; init; } = 0.97;

    /// <summary>Power that no clock lowers, as a share of <see cref="TdpWatts"/>. Fitted by this project.</summary>
    public double StaticShare { get; init; } = GpuPowerCurve.StaticShare;

    /// <summary>Exponent of the clock in prefill's power. Fitted by this project; placement and governor believe 2.4 whatever it is.</summary>
    public double PrefillExponent { get; init; } = GpuPowerCurve.PrefillExponent;

    /// <summary>Exponent of the clock in decode's power. Fitted by this project; placement and governor believe 1.7 whatever it is.</summary>
    public double DecodeExponent { get; init; } = GpuPowerCurve.DecodeExponent;

    /// <summary>
    /// Peak of matrix products with weights of <paramref name="precision"/>, FLOP/s; a type the GPU has no unit for is widened.
    /// </summary>
    public double Flops(WeightPrecision precision) => 1e12 * precision switch
    {
        WeightPrecision.FP4 when Fp4Tflops > 0 => Fp4Tflops,
        WeightPrecision.FP4 or WeightPrecision.FP8 when Fp8Tflops > 0 => Fp8Tflops,
        _ => Bf16Tflops,
    };

    /// <summary>Throws when a value is out of its range; <paramref name="source"/> is named in the message.</summary>
    /// <exception cref="FormatException">Names the field.</exception>
    public void Validate(string source)
    {
        Require(Bf16Tflops > 0, nameof(Bf16Tflops), "above 0");
        Require(Fp8Tflops >= 0 && Fp4Tflops >= 0, "Fp8Tflops and Fp4Tflops", "0 or more");
        Require(MemoryGigabytes > 4, nameof(MemoryGigabytes), "above 4");
        Require(MemoryTerabytesPerSecond > 0, nameof(MemoryTerabytesPerSecond), "above 0");
        Require(MemoryFactor is > 0 and <= 1.2, nameof(MemoryFactor), "above 0 and at most 1.2");
        Require(LinkGigabytesPerSecond > 0, nameof(LinkGigabytesPerSecond), "above 0");
        Require(HostLinkGigabytesPerSecond > 0, nameof(HostLinkGigabytesPerSecond), "above 0");
        Require(HostCopyJoulesPerGigabyte >= 0, nameof(HostCopyJoulesPerGigabyte), "0 or more");
        Require(LinkDomain is >= 1 and <= 1024, nameof(LinkDomain), "1 to 1024");
        Require(HostFactor > 0, nameof(HostFactor), "above 0");
        Require(IdleWatts > 0 && IdleWatts < MinCapWatts, nameof(IdleWatts), "above 0 and below MinCapWatts");
        Require(BareWatts > 0 && BareWatts <= IdleWatts, nameof(BareIdleWatts), "above 0 and at most IdleWatts");
        Require(AwakeWatts >= IdleWatts && AwakeSeconds >= 0, "AwakeWatts and AwakeSeconds", "at least IdleWatts, and 0 or more");
        Require(MinCapWatts <= TdpWatts, nameof(MinCapWatts), "at most TdpWatts");
        Require(DecodeBaseWatts > 0 && DecodeSpanWatts >= 0, "DecodeBaseWatts and DecodeSpanWatts", "above 0");
        Require(DecodeBaseWatts + DecodeSpanWatts <= TdpWatts * 1.05, "DecodeBaseWatts + DecodeSpanWatts", "at most TdpWatts");
        Require(StaticShare is > 0 and < 1 && PrefillExponent > 0 && DecodeExponent > 0, "StaticShare, PrefillExponent and DecodeExponent", "above 0, StaticShare below 1");
        Require(PrefillShare is > 0 and <= 1.05, nameof(PrefillShare), "above 0 and at most 1.05");

        void Require(bool condition, string field, string range)
        {
            if (!condition)
            {
                throw new FormatException($"{source}: {field} must be {range}.");
            }
        }
    }
}
