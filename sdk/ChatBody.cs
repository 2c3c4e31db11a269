using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Crescent.Sdk;

/// <summary>Messages and options as the fields of OpenAI's chat API. What has no field there is refused.</summary>
internal static class ChatBody
{
    private const string Strict = "strict";

    /// <summary>The fields.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="options">What is asked for; null for nothing in particular.</param>
    /// <param name="client">Whom to ask for fields of one's own, see <see cref="ChatOptions.RawRepresentationFactory"/>: a <see cref="JsonObject"/>.</param>
    /// <exception cref="NotSupportedException">Something has no field.</exception>
    public static JsonObject Of(IEnumerable<ChatMessage> messages, ChatOptions? options, IChatClient client)
    {
        var body = options?.RawRepresentationFactory?.Invoke(client) switch
        {
            null => new JsonObject(),
            JsonObject own => (JsonObject)own.DeepClone(),
            var other => throw new NotSupportedException($"{nameof(ChatOptions.RawRepresentationFactory)} gave a {other.GetType().Name}; this client takes a JsonObject of fields."),
        };
        if (options is not null)
        {
            Write(body, options);
        }

        body["messages"] = ChatTurns.Of(messages, options?.Instructions);
        return body;
    }

    private static void Write(JsonObject body, ChatOptions options)
    {
        if (options.ContinuationToken is not null)
        {
            throw new NotSupportedException($"{nameof(ChatOptions.ContinuationToken)}: answers are not gone on with by a token; send the request with an Idempotency-Key over HTTP.");
        }

        Set(body, "model", options.ModelId);
        Set(body, "temperature", options.Temperature);
        Set(body, "max_completion_tokens", options.MaxOutputTokens);
        Set(body, "top_p", options.TopP);
        Set(body, "top_k", options.TopK);
        Set(body, "frequency_penalty", options.FrequencyPenalty);
        Set(body, "presence_penalty", options.PresencePenalty);
        Set(body, "seed", options.Seed);
        Set(body, "session_id", options.ConversationId);
        if (options.StopSequences is { Count: > 0 } stops)
        {
            body["stop"] = new JsonArray([.. stops.Select(static stop => JsonValue.Create(stop))]);
        }

        var others = options.AdditionalProperties;
        var strict = others?.TryGetValue(Strict, out bool isStrict) == true && isStrict;
        Set(body, "response_format", Format(options.ResponseFormat, strict));
        WriteTools(body, options, strict);
        WriteReasoning(body, options.Reasoning);
        foreach (var (name, value) in others ?? [])
        {
            if (name != Strict)
            {
                body[name] = JsonSerializer.SerializeToNode(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(object)));
            }
        }
    }

    private static void WriteTools(JsonObject body, ChatOptions options, bool strict)
    {
        if (options.Tools is not { Count: > 0 } tools)
        {
            return;
        }

        body["tools"] = new JsonArray([.. tools.Select(tool => tool is AIFunctionDeclaration function
            ? Function(function, strict)
            : throw new NotSupportedException($"Tool '{tool.Name}' is a {tool.GetType().Name}; only functions can be called."))]);
        Set(body, "parallel_tool_calls", options.AllowMultipleToolCalls);
        Set(body, "tool_choice", options.ToolMode switch
        {
            null or AutoChatToolMode => null,
            NoneChatToolMode => JsonValue.Create("none"),
            RequiredChatToolMode { RequiredFunctionName: { } name } => new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = name } },
            RequiredChatToolMode => JsonValue.Create("required"),
            var other => throw new NotSupportedException($"{nameof(ChatOptions.ToolMode)} {other} is not known."),
        });
    }

    private static JsonObject Function(AIFunctionDeclaration function, bool strict)
    {
        var told = new JsonObject { ["name"] = function.Name };
        if (function.Description.Length > 0)
        {
            told["description"] = function.Description;
        }

        told["parameters"] = JsonObject.Create(function.JsonSchema);
        if (strict)
        {
            told[Strict] = true;
        }

        return new JsonObject { ["type"] = "function", ["function"] = told };
    }

    private static void WriteReasoning(JsonObject body, ReasoningOptions? reasoning)
    {
        Set(body, "reasoning_effort", reasoning?.Effort switch
        {
            null => null,
            ReasoningEffort.None => "none",
            ReasoningEffort.Low => "low",
            ReasoningEffort.Medium => "medium",
            ReasoningEffort.High => "high",
            ReasoningEffort.ExtraHigh => "xhigh",
            var other => throw new NotSupportedException($"Effort {other} is not known."),
        });
        switch (reasoning?.Output)
        {
            case ReasoningOutput.None:
                body["include_reasoning"] = false;
                break;
            case ReasoningOutput.Summary:
                throw new NotSupportedException($"{nameof(ReasoningOutput)}.{nameof(ReasoningOutput.Summary)}: thoughts are not summed up; ask for {nameof(ReasoningOutput.Full)} or {nameof(ReasoningOutput.None)}.");
        }
    }

    private static JsonObject? Format(ChatResponseFormat? format, bool strict) => format switch
    {
        null or ChatResponseFormatText => null,
        ChatResponseFormatJson { Schema: { } schema } json => new JsonObject
        {
            ["type"] = "json_schema",
            ["json_schema"] = new JsonObject { ["name"] = json.SchemaName ?? "answer", ["schema"] = JsonNode.Parse(schema.GetRawText()), [Strict] = strict },
        },
        ChatResponseFormatJson => new JsonObject { ["type"] = "json_object" },
        var other => throw new NotSupportedException($"{nameof(ChatOptions.ResponseFormat)} {other.GetType().Name} is not known."),
    };

    private static void Set(JsonObject body, string name, JsonNode? value)
    {
        if (value is not null)
        {
            body[name] = value;
        }
    }
}
