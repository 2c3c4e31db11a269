using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Models;
using Crescent.Grains.Requests;

namespace Crescent.Grains.Chat;

/// <summary>Calls over Orleans as the requests that all share.</summary>
internal static class ChatRequests
{
    private const int MaxSessionLength = 256;
    private const int MaxTenantLength = 256;
    private const int MaxStops = 4;

    /// <summary>A chat.</summary>
    /// <exception cref="ArgumentException">A field is wrong; the message begins with its name.</exception>
    public static ModelRequest Of(ChatCall call, string id, ModelCatalogue models)
    {
        Check(call.MaxTokens is null or > 0, nameof(call.MaxTokens), call.MaxTokens, "1 or more");
        Check(call.Temperature is >= 0 and <= 2, nameof(call.Temperature), call.Temperature, "0 to 2");
        Check(call.TopP is > 0 and <= 1, nameof(call.TopP), call.TopP, "above 0, at most 1");
        Check(call.TopK >= 0, nameof(call.TopK), call.TopK, "0 or more");
        Check(call.FrequencyPenalty is >= -2 and <= 2, nameof(call.FrequencyPenalty), call.FrequencyPenalty, "-2 to 2");
        Check(call.PresencePenalty is >= -2 and <= 2, nameof(call.PresencePenalty), call.PresencePenalty, "-2 to 2");
        Check(call.Session is null or { Length: > 0 and <= MaxSessionLength }, nameof(call.Session), $"{call.Session?.Length} characters long",
            $"1 to {MaxSessionLength} characters long, or left out");
        Check(call.Stop.Length <= MaxStops && !call.Stop.Any(string.IsNullOrEmpty), nameof(call.Stop), $"{call.Stop.Length} texts", $"up to {MaxStops} that are not empty");
        CheckTenant(call.Tenant);
        var model = Model(call.Model, models);
        return new ModelRequest
        {
            Id = id,
            Model = model,
            Prompts = [PromptSource.Conversation(nameof(call.Messages), call.Messages.Length, () => Conversation(call.Messages), variables: Variables(call, model))],
            MaxTokens = call.MaxTokens,
            MaxTokensName = nameof(call.MaxTokens),
            Tools = ChatTools.Read(call),
            Structure = call.Schema switch
            {
                null => null,
                "" => new AskedStructure(GrammarSource.JsonObject(), nameof(call.Schema)),
                var schema => new AskedStructure(GrammarSource.JsonSchema(schema, call.StrictSchema), nameof(call.Schema)),
            },
            Call = new InferenceRequest
            {
                Prompt = [],
                MaxTokens = 0,
                Program = call.Session,
                StopStrings = call.Stop,
                Tenant = call.Tenant,
                CacheSalt = Salt(call.Tenant),
                Sampling = new SamplingParameters
                {
                    Temperature = call.Temperature,
                    TopP = call.TopP,
                    TopK = call.TopK,
                    FrequencyPenalty = call.FrequencyPenalty,
                    PresencePenalty = call.PresencePenalty,
                    Seed = unchecked((ulong)(call.Seed ?? Random.Shared.NextInt64())),
                },
            },
        };
    }

    /// <summary>Embeddings.</summary>
    /// <exception cref="ArgumentException">A field is wrong; the message begins with its name.</exception>
    public static ModelRequest Of(EmbeddingCall call, string id, ModelCatalogue models)
    {
        Check(call.Inputs.Length is > 0 and <= EmbeddingCall.MaxInputs, nameof(call.Inputs), $"{call.Inputs.Length} texts", $"1 to {EmbeddingCall.MaxInputs}");
        CheckTenant(call.Tenant);
        var model = Model(call.Model, models);
        return model.EmbeddingSize == 0
            ? throw Wrong(nameof(call.Model), $"'{model.Id}' is simulated and has no hidden states to make embeddings of")
            : new ModelRequest
            {
                Id = id,
                Model = model,
                Prompts = [.. call.Inputs.Select(static (text, i) => PromptSource.Text($"{nameof(call.Inputs)}[{i}]", text.Length, () => text))],
                Call = new InferenceRequest { Prompt = [], MaxTokens = 0, WantsEmbedding = true, Tenant = call.Tenant },
            };
    }

    /// <summary>A field is wrong.</summary>
    public static ArgumentException Wrong(string field, string fault) => new($"{field}: {fault}.");

    private static ServedModel Model(string? name, ModelCatalogue models) =>
        models.Find(name) ?? throw Wrong(nameof(ChatCall.Model), $"there is no model '{name}'; the cluster serves {models.Names}");

    // As over HTTP: who names itself has cached prefixes of its own.
    private static string? Salt(string tenant) => tenant.Length == 0 ? null : $"{tenant.Length}:{tenant}";

    private static Dictionary<string, JsonNode?>? Variables(ChatCall call, ServedModel model)
    {
        if (call.ReasoningEffort is not { } effort)
        {
            return null;
        }

        Check(ThoughtEffort.Names.Contains(effort), nameof(call.ReasoningEffort), effort, $"one of {string.Join(", ", ThoughtEffort.Names)}");
        var variables = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        return ThoughtEffort.TrySet(model, variables, effort) || effort == "none"
            ? variables
            : throw Wrong(nameof(call.ReasoningEffort), $"model '{model.Id}' does not reason by effort, as its chat template tells; leave it out");
    }

    private static JsonArray Conversation(string messages)
    {
        try
        {
            return JsonNode.Parse(messages) is JsonArray { Count: > 0 } conversation
                ? conversation
                : throw Wrong(nameof(ChatCall.Messages), "they are no JSON array with at least one message");
        }
        catch (JsonException e)
        {
            throw Wrong(nameof(ChatCall.Messages), $"they are no JSON: {e.Message}");
        }
    }

    private static void CheckTenant(string tenant) =>
        Check(tenant.Length <= MaxTenantLength, nameof(ChatCall.Tenant), $"{tenant.Length} characters long", $"up to {MaxTenantLength}");

    private static void Check(bool right, string field, object? value, string range)
    {
        if (!right)
        {
            throw Wrong(field, $"it is {value} and must be {range}");
        }
    }
}
