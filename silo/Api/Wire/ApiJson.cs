using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Crescent.Grains.Contracts.Agents;
using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Contracts.Planning;
using Crescent.Grains.Contracts.Power;

namespace Crescent.Silo.Api.Wire;

/// <summary>JSON of the answers that are written whole: snake case, as OpenAI's.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelEntry))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(VersionReport))]
[JsonSerializable(typeof(FactorySnapshot))]
[JsonSerializable(typeof(PowerSnapshot))]
[JsonSerializable(typeof(PlannerSnapshot))]
[JsonSerializable(typeof(DecisionAnswer))]
[JsonSerializable(typeof(AgentView))]
[JsonSerializable(typeof(AgentList))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>Escapes what JSON asks for and no more: answers go to JSON readers and terminals, never into HTML.</summary>
    public static readonly JsonWriterOptions Writer = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The context with the escaping of <see cref="Writer"/>.</summary>
    public static readonly ApiJson Readable = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
