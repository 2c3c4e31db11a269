using Crescent.Engine.Sampling;

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
    };

    public SamplingSurrogate ConvertToSurrogate(in SamplingParameters value) => new()
    {
        Temperature = value.Temperature,
        TopP = value.TopP,
        Seed = value.Seed,
    };
}
