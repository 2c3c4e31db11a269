using Crescent.Engine.Sampling;

namespace Crescent.Grains.Gpu;

/// <summary>How <see cref="SamplingParameters"/>, which knows nothing of Orleans, crosses it.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.SamplingSurrogate")]
public struct SamplingSurrogate
{
    [Id(0)] public float Temperature { get; set; }

    [Id(1)] public float TopP { get; set; }

    [Id(2)] public ulong Seed { get; set; }
}
