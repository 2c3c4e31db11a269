using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Grains.Gpu;

/// <summary>Converts <see cref="SamplingParameters"/> to what crosses Orleans and back.</summary>
[RegisterConverter]
public sealed class SamplingConverter : IConverter<SamplingParameters, SamplingSurrogate>
{
    public SamplingParameters ConvertFromSurrogate(in SamplingSurrogate surrogate) => new()
    {
        Temperature = surrogate.Temperature,
        TopP = surrogate.TopP,
        Seed = surrogate.Seed,
        TopLogprobs = surrogate.TopLogprobs,
        MinTokens = surrogate.MinTokens,
        LogitBias = surrogate.LogitBias ?? SamplingParameters.Greedy.LogitBias,
        RepetitionPenalty = surrogate.RepetitionPenalty,
        FrequencyPenalty = surrogate.FrequencyPenalty,
        PresencePenalty = surrogate.PresencePenalty,
        MinP = surrogate.MinP,
        TopK = surrogate.TopK,
        Structure = surrogate.Grammar is null
            ? null
            : new OutputStructure(
                GrammarSource.Of(surrogate.GrammarKind, surrogate.Grammar) with { Before = surrogate.Before ?? "", After = surrogate.After ?? "" },
                surrogate.Trigger),
    };

    public SamplingSurrogate ConvertToSurrogate(in SamplingParameters value) => new()
    {
        Temperature = value.Temperature,
        TopP = value.TopP,
        Seed = value.Seed,
        TopLogprobs = value.TopLogprobs,
        MinTokens = value.MinTokens,
        LogitBias = value.LogitBias.Count == 0 ? null : new Dictionary<int, float>(value.LogitBias),
        RepetitionPenalty = value.RepetitionPenalty,
        FrequencyPenalty = value.FrequencyPenalty,
        PresencePenalty = value.PresencePenalty,
        MinP = value.MinP,
        TopK = value.TopK,
        GrammarKind = value.Structure?.Source.Kind ?? default,
        Grammar = value.Structure?.Source.Text,
        Before = value.Structure?.Source.Before,
        After = value.Structure?.Source.After,
        Trigger = value.Structure?.Trigger,
    };
}
