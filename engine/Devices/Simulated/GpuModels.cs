using System.Text.Json;

namespace Crescent.Engine.Devices.Simulated;

/// <summary>
/// GPUs known by name, and those of JSON files whose fields are those of <see cref="GpuModel"/>. Rates, memory and power limits are the
/// makers' data sheets (dense rates; NVLink one way). Decode curves are fits to published power measurements of serving engines; where none
/// is at hand the curve of the nearest chip is scaled: H200 as H100 (the same chip), GB200 as B200 by the ratio of their measured kernel power.
/// Bare idle is what is published of them without a context; an open one adds 38 W, the middle of the 26 to 50 W that were measured on H100 and A100 over 18 days
/// (arXiv 2605.23918), which is assumed of the others.
/// Measurements of H200 decode differ by a factor of two (137 to 300 W in one, about 600 W in another): give a JSON file with
/// other DecodeBaseWatts and DecodeSpanWatts to try the other one.
/// </summary>
public static class GpuModels
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    private static readonly GpuModel[] Known =
    [
        new()
        {
            Name = "a100-sxm", Description = "NVIDIA A100 SXM 80 GB", Bf16Tflops = 312, MemoryGigabytes = 80, MemoryTerabytesPerSecond = 2.04,
            LinkGigabytesPerSecond = 300, HostLinkGigabytesPerSecond = 25, TdpWatts = 400, ServerWattsAtFullLoad = 812.5, MinCapWatts = 100, IdleWatts = 99, BareIdleWatts = 62, AwakeWatts = 115,
            DecodeBaseWatts = 175, DecodeSpanWatts = 210, DecodeMidpoint = 2.5,
        },
        new()
        {
            Name = "h100-sxm", Description = "NVIDIA H100 SXM 80 GB", Bf16Tflops = 989, Fp8Tflops = 1978, MemoryGigabytes = 80,
            MemoryTerabytesPerSecond = 3.35, LinkGigabytesPerSecond = 450, TdpWatts = 700, MinCapWatts = 200, IdleWatts = 113, BareIdleWatts = 75, AwakeWatts = 130,
            DecodeBaseWatts = 300, DecodeSpanWatts = 300, DecodeMidpoint = 4.2,
        },
        new()
        {
            Name = "h200", Description = "NVIDIA H200 SXM 141 GB", Bf16Tflops = 989, Fp8Tflops = 1978, MemoryGigabytes = 141,
            MemoryTerabytesPerSecond = 4.8, LinkGigabytesPerSecond = 450, TdpWatts = 700, MinCapWatts = 200, IdleWatts = 118, BareIdleWatts = 80, AwakeWatts = 135,
            DecodeBaseWatts = 300, DecodeSpanWatts = 300, DecodeMidpoint = 4.2,
        },
        new()
        {
            Name = "b200", Description = "NVIDIA B200 180 GB", Bf16Tflops = 2250, Fp8Tflops = 4500, Fp4Tflops = 9000, MemoryGigabytes = 180,
            MemoryTerabytesPerSecond = 7.7, MemoryFactor = 0.76, LinkGigabytesPerSecond = 900, TdpWatts = 1000, ServerWattsAtFullLoad = 1789, MinCapWatts = 400, IdleWatts = 229, BareIdleWatts = 191, AwakeWatts = 265,
            DecodeBaseWatts = 251, DecodeSpanWatts = 355, DecodeMidpoint = -1.03,
        },
        new()
        {
            Name = "gb200", Description = "NVIDIA GB200 186 GB", Bf16Tflops = 2500, Fp8Tflops = 5000, Fp4Tflops = 10000, MemoryGigabytes = 186,
            MemoryTerabytesPerSecond = 8, MemoryFactor = 0.80, HostFactor = 1.8, LinkGigabytesPerSecond = 900, HostLinkGigabytesPerSecond = 360, LinkDomain = 72, TdpWatts = 1200, ServerWattsAtFullLoad = 1667, MinCapWatts = 400, IdleWatts = 238, BareIdleWatts = 200, AwakeWatts = 275,
            DecodeBaseWatts = 245, DecodeSpanWatts = 347, DecodeMidpoint = -1.03, PrefillShare = 0.9,
        },
        new()
        {
            // The data sheet's memory, links and dense FP4; other rates, idle and decode's watts are those of GB200 by the ratio of their TDP: no measurement is at hand.
            Name = "gb300", Description = "NVIDIA GB300 288 GB", Bf16Tflops = 2500, Fp8Tflops = 5000, Fp4Tflops = 15000, MemoryGigabytes = 288,
            MemoryTerabytesPerSecond = 8, MemoryFactor = 0.80, HostFactor = 1.8, LinkGigabytesPerSecond = 900, HostLinkGigabytesPerSecond = 360, LinkDomain = 72, TdpWatts = 1400, ServerWattsAtFullLoad = 1900, MinCapWatts = 400, IdleWatts = 271, BareIdleWatts = 233, AwakeWatts = 315,
            DecodeBaseWatts = 286, DecodeSpanWatts = 405, DecodeMidpoint = -1.03, PrefillShare = 0.9,
        },
    ];

    /// <summary>Names of the known GPUs.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Select(static gpu => gpu.Name)];

    /// <summary>
    /// The GPU of a name (<c>h100</c> and <c>h100-sxm</c> are the same), or of a JSON file when the name ends in <c>.json</c>.
    /// </summary>
    /// <exception cref="FormatException">No such GPU, or a file that does not describe one; the message names the fault.</exception>
    public static GpuModel Find(string name)
    {
        if (name.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            return Read(name);
        }

        return Known.FirstOrDefault(gpu => gpu.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
                || gpu.Name.Equals(name + "-sxm", StringComparison.OrdinalIgnoreCase))
            ?? throw new FormatException($"No simulated GPU is named '{name}'. Known are {string.Join(", ", Names)}; describe another in a .json file.");
    }

    private static GpuModel Read(string path)
    {
        try
        {
            var gpu = JsonSerializer.Deserialize<GpuModel>(File.ReadAllText(path), Json)
                ?? throw new FormatException($"{path}: the file describes no GPU.");
            gpu.Validate(path);
            return gpu;
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{path}: {fault.Message}", fault);
        }
    }
}
