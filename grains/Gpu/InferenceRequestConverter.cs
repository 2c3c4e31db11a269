using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;
using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Gpu;

/// <summary>Converts <see cref="InferenceRequest"/> to what crosses Orleans and back; <see cref="InferenceRequest.Link"/> stays behind.</summary>
[RegisterConverter]
public sealed class InferenceRequestConverter : IConverter<InferenceRequest, InferenceRequestWire>
{
    // Not by generated code: that would set what is missing to 0 instead of its default.
    private static readonly JsonSerializerOptions Json = new()
    {
        Converters = { new JsonStringEnumConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public InferenceRequest ConvertFromSurrogate(in InferenceRequestWire surrogate)
    {
        var request = JsonSerializer.Deserialize<InferenceRequest>(surrogate.Fields, Json)!;
        return request with { Prompt = surrogate.Prompt, StopTokens = request.StopTokens.ToFrozenSet() };
    }

    public InferenceRequestWire ConvertToSurrogate(in InferenceRequest value) => new()
    {
        Prompt = value.Prompt,
        Fields = JsonSerializer.SerializeToUtf8Bytes(value with { Prompt = [] }, Json),
    };
}
