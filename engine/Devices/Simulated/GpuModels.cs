using System.Text.Json;

namespace Crescent.Engine.Devices.Simulated;

/// <summary>
/// GPUs known by name, and those of JSON files whose fields are those of <see cref="GpuModel"/>. Rates, memory and power limits are the
/// makers' data sheets (dense rates; NVLink one way). Decode curves are fits to published power measurements of serving engines; where none
/// is at hand the curve of the nearest chip is scaled: H200 as H100 (the same chip), GB200 as B200 by the ratio of their measured kernel power.
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
            LinkGigabytesPerSecond = 300, HostLinkGigabytesPerSecond = 25, TdpWatts = 400, ServerWattsAtFullLoad = 812.5, MinCapWatts = 100, IdleWatts = 62, AwakeWatts = 85,
            DecodeBaseWatts = 175, DecodeSpanWatts = 210, DecodeMidpoint = 2.5,
        },
        new()
        {
            Name = "h100-sxm", Description = "NVIDIA H100 SXM 80 GB", Bf16Tflops = 989, Fp8Tflops = 1978, MemoryGigabytes = 80,
            MemoryTerabytesPerSecond = 3.35, LinkGigabytesPerSecond = 450, TdpWatts = 700, MinCapWatts = 200, IdleWatts = 75, AwakeWatts = 120,
            DecodeBaseWatts = 300, DecodeSpanWatts = 300, DecodeMidpoint = 4.2,
        },
        new()
        {
            Name = "h200", Description = "NVIDIA H200 SXM 141 GB", Bf16Tflops = 989, Fp8Tflops = 1978, MemoryGigabytes = 141,
            MemoryTerabytesPerSecond = 4.8, LinkGigabytesPerSecond = 450, TdpWatts = 700, MinCapWatts = 200, IdleWatts = 80, AwakeWatts = 125,
            DecodeBaseWatts = 300, DecodeSpanWatts = 300, DecodeMidpoint = 4.2,
        },
        new()
        {
            Name = "b200", Description = "NVIDIA B200 180 GB", Bf16Tflops = 2250, Fp8Tflops = 4500, Fp4Tflops = 9000, MemoryGigabytes = 180,
            MemoryTerabytesPerSecond = 7.7, MemoryFactor = 0.76, LinkGigabytesPerSecond = 900, TdpWatts = 1000, ServerWattsAtFullLoad = 1789, MinCapWatts = 400, IdleWatts = 191, AwakeWatts = 240,
            DecodeBaseWatts = 251, DecodeSpanWatts = 355, DecodeMidpoint = -1.03,
        },
        new()
        {
            Name = "gb200", Description = "NVIDIA GB200 186 GB", Bf16Tflops = 2500, Fp8Tflops = 5000, Fp4Tflops = 10000, MemoryGigabytes = 186,
            MemoryTerabytesPerSecond = 8, MemoryFactor = 0.80, HostFactor = 1.8, LinkGigabytesPerSecond = 900, HostLinkGigabytesPerSecond = 360, LinkDomain = 72, TdpWatts = 1200, ServerWattsAtFullLoad = 1667, MinCapWatts = 400, IdleWatts = 200, AwakeWatts = 250,
            DecodeBaseWatts = 245, DecodeSpanWatts = 347, DecodeMidpoint = -1.03, PrefillShare = 0.9,
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
