using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Crescent.Client.Connections;
using Crescent.Client.Evaluation;
using Crescent.Grains.Contracts.Agents;
using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Contracts.Planning;
using Crescent.Grains.Contracts.Power;

namespace Crescent.Client.Json;

/// <summary>What the console reads and writes as JSON; names are in snake case, as in OpenAI's API.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(AnswerDocument))]
[JsonSerializable(typeof(TurnDocument))]
[JsonSerializable(typeof(FactorySnapshot))]
[JsonSerializable(typeof(PowerSnapshot))]
[JsonSerializable(typeof(PowerBudgetSettings))]
[JsonSerializable(typeof(PlannerSnapshot))]
[JsonSerializable(typeof(DecisionAnswer))]
[JsonSerializable(typeof(DrainDocument))]
[JsonSerializable(typeof(LoadDocument))]
[JsonSerializable(typeof(AgentView))]
[JsonSerializable(typeof(AgentListDocument))]
[JsonSerializable(typeof(AgentNews))]
[JsonSerializable(typeof(EvalDocument))]
[JsonSerializable(typeof(EvalOutcome))]
[JsonSerializable(typeof(ModelsDocument))]
[JsonSerializable(typeof(JsonNode))]
internal sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>One line a document; text stays readable in any language.</summary>
    public static WireJson Line { get; } = new(Written(indented: false));

    /// <summary>A document over several lines.</summary>
    public static WireJson Pages { get; } = new(Written(indented: true));

    /// <summary>A document as text.</summary>
    public string Text<T>(T document) => JsonSerializer.Serialize(document, typeof(T), this);

    private static JsonSerializerOptions Written(bool indented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = indented,
    };
}
