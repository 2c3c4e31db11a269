using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Engine.Devices.Simulated;

/// <summary>
/// Models known by name, from their published configurations, and those of JSON files whose fields are those of <see cref="ModelShape"/>.
/// A name may end in <c>-bf16</c>, <c>-fp8</c> or <c>-fp4</c>: how its weights are stored.
/// </summary>
public static class SimulatedModels
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        Converters = { new JsonStringEnumConverter() },
    };

    private static readonly ModelShape Llama70B = new()
    {
        Name = "llama-3.3-70b",
        Layers = 80,
        Width = 8192,
        Heads = 64,
        KvHeads = 8,
        HeadSize = 128,
        FeedForwardWidth = 28672,
        Vocabulary = 128256,
        ContextLength = 131072,
    };

    private static readonly ModelShape Llama8B = new()
    {
        Name = "llama-3.1-8b",
        Layers = 32,
        Width = 4096,
        Heads = 32,
        KvHeads = 8,
        HeadSize = 128,
        FeedForwardWidth = 14336,
        Vocabulary = 128256,
        ContextLength = 131072,
    };

    private static readonly ModelShape DeepSeek = new()
    {
        Name = "deepseek-r1",
        Layers = 61,
        Width = 7168,
        Heads = 128,
        KvHeads = 128,
        HeadSize = 128,
        FeedForwardWidth = 18432,
        DenseLayers = 3,
        Experts = 256,
        ExpertsUsed = 8,
        ExpertWidth = 2048,
        SharedExpertWidth = 2048,
        Vocabulary = 129280,
        ContextLength = 163840,
        LatentWidth = 512,
        LatentRopeWidth = 64,
        LatentQueryWidth = 1536,
    };

    private static readonly ModelShape GptOss = new()
    {
        Name = "gpt-oss-120b",
        Layers = 36,
        Width = 2880,
        Heads = 64,
        KvHeads = 8,
        HeadSize = 64,
        Experts = 128,
        ExpertsUsed = 4,
        ExpertWidth = 2880,
        LocalLayers = 18,
        LocalWindow = 128,
        Vocabulary = 201088,
        ContextLength = 131072,

        // Published with experts in four bits and the rest in BF16, whatever activations are.
        Precision = WeightPrecision.FP4,
        ExpertPrecision = WeightPrecision.FP4,
        AttentionPrecision = WeightPrecision.BF16,
    };

    private static readonly ModelShape[] Known =
    [
        Llama8B,
        Llama8B with { Name = "llama-3-8b", ContextLength = 8192 },
        Llama70B,
        Llama70B with { Name = "llama-3.1-70b" },

        // The name of the megawatt's model; it is served with the long context of its successors.
        Llama70B with { Name = "llama-3-70b" },
        new()
        {
            Name = "llama-3.1-405b", Layers = 126, Width = 16384, Heads = 128, KvHeads = 8, HeadSize = 128, FeedForwardWidth = 53248,
            Vocabulary = 128256, ContextLength = 131072,
        },
        new()
        {
            Name = "llama-4-scout", Layers = 48, Width = 5120, Heads = 40, KvHeads = 8, HeadSize = 128,
            Experts = 16, ExpertsUsed = 1, ExpertWidth = 8192, SharedExpertWidth = 8192, LocalLayers = 36, LocalWindow = 8192,
            Vocabulary = 202048, ContextLength = 10_485_760,
        },
        new()
        {
            Name = "llama-4-maverick", Layers = 48, Width = 5120, Heads = 40, KvHeads = 8, HeadSize = 128, FeedForwardWidth = 16384,
            DenseLayers = 24, Experts = 128, ExpertsUsed = 1, ExpertWidth = 8192, SharedExpertWidth = 8192, LocalLayers = 36, LocalWindow = 8192,
            Vocabulary = 202048, ContextLength = 1_048_576,
        },
        new()
        {
            Name = "qwen3-30b-a3b", Layers = 48, Width = 2048, Heads = 32, KvHeads = 4, HeadSize = 128,
            Experts = 128, ExpertsUsed = 8, ExpertWidth = 768, Vocabulary = 151936, ContextLength = 131072,
        },
        new()
        {
            Name = "qwen3-235b-a22b", Layers = 94, Width = 4096, Heads = 64, KvHeads = 4, HeadSize = 128,
            Experts = 128, ExpertsUsed = 8, ExpertWidth = 1536, Vocabulary = 151936, ContextLength = 131072,
        },
        new()
        {
            Name = "qwen3-32b", Layers = 64, Width = 5120, Heads = 64, KvHeads = 8, HeadSize = 128, FeedForwardWidth = 25600,
            Vocabulary = 151936, ContextLength = 131072,
        },

        // Three layers of four are gated delta nets: a matrix of 128 x 128 for each of 32 heads and three positions of 8,192 channels, in single precision.
        new()
        {
            Name = "qwen3.6-35b-a3b", Layers = 40, Width = 2048, Heads = 16, KvHeads = 2, HeadSize = 256,
            Experts = 256, ExpertsUsed = 8, ExpertWidth = 512, SharedExpertWidth = 512, StateLayers = 30, StateBytes = 2_195_456,
            Vocabulary = 248320, ContextLength = 262144, KvBytes = 2,
        },
        GptOss,
        GptOss with { Name = "gpt-oss-20b", Layers = 24, LocalLayers = 12, Experts = 32 },
        DeepSeek,
        DeepSeek with { Name = "deepseek-v3" },
    ];

    private static readonly (string Suffix, WeightPrecision Precision)[] Suffixes =
        [("-bf16", WeightPrecision.BF16), ("-fp8", WeightPrecision.FP8), ("-fp4", WeightPrecision.FP4), ("-nvfp4", WeightPrecision.FP4)];

    private static readonly string[] Additions = ["meta-", "-instruct", "-17b-128e", "-17b-16e", "-0528"];

    /// <summary>Names of the known models, without a suffix.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Select(static model => model.Name)];

    /// <summary>
    /// The model of a name such as <c>llama-3-70b-fp8</c> or <c>sim:llama-3-70b-fp8</c>, or of a JSON file when it ends in <c>.json</c>.
    /// </summary>
    /// <exception cref="FormatException">No such model, or a file that does not describe one; the message names the fault.</exception>
    public static ModelShape Find(string name)
    {
        var wanted = SimulatedDeviceSpec.IsSimulated(name) ? name[SimulatedDeviceSpec.Prefix.Length..] : name;
        if (wanted.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            return Read(wanted);
        }

        WeightPrecision? precision = null;
        foreach (var (suffix, of) in Suffixes)
        {
            if (wanted.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            {
                precision = of;
                wanted = wanted[..^suffix.Length];
                break;
            }
        }

        var plain = Plain(wanted);
        var model = Known.FirstOrDefault(model => model.Name.Equals(plain, StringComparison.Ordinal))
            ?? throw new FormatException(
                $"No simulated model is named '{name}'. Known are {string.Join(", ", Names)}, with -bf16, -fp8 or -fp4; describe another in a .json file.");
        return precision is { } stored ? model with { Name = $"{model.Name}{Suffix(stored)}", Precision = stored } : model;
    }

    /// <summary>A name without what publishers add: <c>meta-llama/Llama-4-Maverick-17B-128E-Instruct</c> is <c>llama-4-maverick</c>.</summary>
    private static string Plain(string name)
    {
        var plain = name[(name.LastIndexOf('/') + 1)..].ToLowerInvariant().Replace('_', '-').Replace(' ', '-');
        foreach (var addition in Additions)
        {
            plain = plain.Replace(addition, "", StringComparison.Ordinal);
        }

        return plain;
    }

    private static string Suffix(WeightPrecision precision) => precision switch
    {
        WeightPrecision.BF16 => "-bf16",
        WeightPrecision.FP8 => "-fp8",
        _ => "-fp4",
    };

    private static ModelShape Read(string path)
    {
        try
        {
            var model = JsonSerializer.Deserialize<ModelShape>(File.ReadAllText(path), Json)
                ?? throw new FormatException($"{path}: the file describes no model.");
            model.Validate(path);
            return model;
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{path}: {fault.Message}", fault);
        }
    }
}
