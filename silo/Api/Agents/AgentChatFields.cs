using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Agents.Strategies;
using Crescent.Agents.Tasks;
using Crescent.Grains.Agents;
using Crescent.Grains.Models;
using Crescent.Silo.Api.OpenAi;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Agents;

/// <summary>A chat that is to be an agent task. What it asks for and a task does not do is refused by name.</summary>
/// <param name="Name">The model as it was named.</param>
/// <param name="Task">The task.</param>
/// <param name="Stream">Whether it is answered as events.</param>
/// <param name="IncludeUsage">Whether the last of them tells what it took.</param>
internal sealed record AgentChatFields(string Name, TaskSpec Task, bool Stream, bool IncludeUsage)
{
    private const int MaxTokens = 1 << 20;

    /// <summary>What is said of a request beside what is asked for.</summary>
    private static readonly string[] Labels = ["metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "crescent", "program", "session_id"];

    /// <summary>Fields of a chat that a task does not obey, and the values of theirs that ask for nothing.</summary>
    private static readonly (string Name, Func<JsonElement, bool> IsPlain)[] Plain =
    [
        ("n", static v => IsNumber(v, 1)),
        ("best_of", static v => IsNumber(v, 1)),
        ("top_p", static v => IsNumber(v, 1)),
        ("frequency_penalty", static v => IsNumber(v, 0)),
        ("presence_penalty", static v => IsNumber(v, 0)),
        ("logprobs", static v => v.ValueKind == JsonValueKind.False),
        ("top_logprobs", static v => IsNumber(v, 0)),
        ("stop", static v => v.ValueKind == JsonValueKind.Array && v.GetArrayLength() == 0),
        ("tools", static v => v.ValueKind == JsonValueKind.Array && v.GetArrayLength() == 0),
        ("tool_choice", static v => v.ValueKind == JsonValueKind.String && v.GetString() is "auto" or "none"),
        ("parallel_tool_calls", static v => v.ValueKind is JsonValueKind.True or JsonValueKind.False),
        ("response_format", static v => v.ValueKind == JsonValueKind.Object && v.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("text")),
    ];

    /// <summary>Reads it.</summary>
    /// <exception cref="ApiException">A field is wrong, or asks for what a task does not do.</exception>
    public static AgentChatFields Read(HttpContext http, RequestFields body, StrategyCatalogue strategies, AgentTools tools, ModelCatalogue models)
    {
        var name = body.Text("model")!;
        var (strategy, samples, model) = AgentModelName.Read(name, strategies);
        RequestModel.Find(model, models);
        var owner = RequestOwner.Read(http, body);
        var (system, problem) = Problem(ChatMessages.Read(body));
        AgentFields.RefuseProgram(body);
        if (samples is not null)
        {
            AgentFields.RefuseUnheeded(strategy, "samples", "model");
        }

        // What is asked once is greedy: 0 asks for what is done.
        var temperature = body.Number("temperature", 0, 2);
        if (temperature > 0)
        {
            AgentFields.RefuseUnheeded(strategy, "temperature", "temperature");
        }

        var usual = new StrategySettings();
        var stream = body.Flag("stream") ?? false;
        var options = body.Object("stream_options");
        if (options is not null && !stream)
        {
            throw ApiException.InvalidValue("stream_options", "'stream_options' goes with 'stream': true only.");
        }

        var task = new TaskSpec
        {
            Problem = problem,
            System = system,
            Model = model,
            Strategy = strategy,
            Settings = usual with
            {
                Samples = samples ?? usual.Samples,
                MaxTokens = (int?)(body.Integer("max_completion_tokens", 1, MaxTokens) ?? body.Integer("max_tokens", 1, MaxTokens)) ?? usual.MaxTokens,
                Temperature = temperature ?? usual.Temperature,
            },
            Budget = new TaskBudget { Seconds = CompletionFields.ReadDeadline(body)?.TotalSeconds },
            Tools = AgentFields.Usual(strategy, tools),
            Seed = body.Integer("seed", long.MinValue, long.MaxValue) is { } seed ? unchecked((ulong)seed) : (ulong)Random.Shared.NextInt64(),
            Tenant = owner.Tenant,
            Priority = CompletionFields.ReadPriority(body).ToString().ToLowerInvariant(),
            CacheSalt = owner.Salt(body.Text("cache_salt")),
            TraceParent = owner.TraceParent,
        };
        var includeUsage = options?.Flag("include_usage") ?? false;
        RefuseOthers(body);
        return new AgentChatFields(name, task, stream, includeUsage);
    }

    private static void RefuseOthers(RequestFields body)
    {
        foreach (var label in Labels)
        {
            body.Any(label);
        }

        // Read in any case: it was read above only where its newer name is not there.
        body.Any("max_tokens");
        foreach (var (name, isPlain) in Plain)
        {
            if (body.Any(name) is { } value && !isPlain(value))
            {
                throw Refused(name);
            }
        }

        if (body.Unread.FirstOrDefault(name => body.Any(name) is not null) is { } other)
        {
            throw Refused(other);
        }
    }

    /// <summary>The systems' words, and the last of the user with what was said before.</summary>
    private static (string? System, string Problem) Problem(JsonArray messages)
    {
        var system = new List<string>();
        var said = new StringBuilder();
        for (var i = 0; i < messages.Count; i++)
        {
            var role = (string)messages[i]!["role"]!;
            var content = (string)messages[i]!["content"]!;
            if (role is "system" or "developer")
            {
                system.Add(content);
            }
            else if (role == "tool" || messages[i]!["tool_calls"] is not null)
            {
                throw ApiException.Unsupported($"messages[{i}]", $"'messages[{i}]' is about a call of a tool; an agent calls its tools by itself.");
            }
            else if (i < messages.Count - 1)
            {
                said.Append(role == "user" ? "User: " : "Assistant: ").Append(content).Append("\n\n");
            }
            else if (role == "user" && content.Length > 0)
            {
                var before = said.Length > 0 ? $"The conversation so far:\n\n{said}What the user asks now:\n\n" : "";
                return (system.Count > 0 ? string.Join('\n', system) : null, before + content);
            }
        }

        throw ApiException.InvalidValue("messages", "'messages' must end with a message of the user that is not empty: that is what an agent works on.");
    }

    private static ApiException Refused(string name) =>
        ApiException.Unsupported(name, $"An agent does not do what '{name}' asks for; leave it out, or name the model without '{AgentModelName.Prefix}STRATEGY/'.");

    private static bool IsNumber(JsonElement value, double number) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var given) && given == number;
}
