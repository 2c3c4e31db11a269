namespace Crescent.Grains.Gpu;

/// <summary>How an <see cref="Engine.Scheduling.InferenceRequest"/>, which knows nothing of Orleans, crosses it.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.InferenceRequest")]
public struct InferenceRequestWire
{
    /// <summary>Tokens of the prompt, which are most of it.</summary>
    [Id(0)] public int[] Prompt { get; set; }

    /// <summary>All else, as UTF-8 JSON by the names of the properties: a member that the other side does not know is left out, one that is missing has its default.</summary>
    [Id(1)] public byte[] Fields { get; set; }
}
