using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Grains.Gpu;

/// <summary>How <see cref="SamplingParameters"/>, which knows nothing of Orleans, crosses it; the fields are its properties.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.SamplingSurrogate")]
public struct SamplingSurrogate
{
    [Id(0)] public float Temperature { get; set; }

    [Id(1)] public float TopP { get; set; }

    [Id(2)] public ulong Seed { get; set; }

    [Id(3)] public int? TopLogprobs { get; set; }

    [Id(4)] public int MinTokens { get; set; }

    /// <summary>Null for none.</summary>
    [Id(5)] public Dictionary<int, float>? LogitBias { get; set; }

    [Id(6)] public float RepetitionPenalty { get; set; }

    [Id(7)] public float FrequencyPenalty { get; set; }

    [Id(8)] public float PresencePenalty { get; set; }

    [Id(9)] public float MinP { get; set; }

    [Id(10)] public int TopK { get; set; }

    [Id(11)] public GrammarKind GrammarKind { get; set; }

    /// <summary>Null for free text.</summary>
    [Id(12)] public string? Grammar { get; set; }

    [Id(13)] public string? Before { get; set; }

    [Id(14)] public string? After { get; set; }

    [Id(15)] public string? Trigger { get; set; }
}
