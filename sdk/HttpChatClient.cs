using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Crescent.Grains.Contracts.Chat;
using Microsoft.Extensions.AI;

namespace Crescent.Sdk;

/// <summary>A factory's models over HTTP. An answer that is asked for whole is streamed too, so that a front end's silence is told from its work.</summary>
/// <param name="http">Its base address is the front end's; disposed by whoever made it.</param>
/// <param name="options">Model, key and timeout.</param>
public sealed class HttpChatClient(HttpClient http, CrescentClientOptions options) : IChatClient
{
    private readonly HttpWay _way = new(http, options.Key, options.Timeout);
    private readonly ChatClientMetadata _metadata = new("crescent", http.BaseAddress, options.Model);

    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var body = ChatBody.Of(messages, options, this);
        body["model"] ??= _metadata.DefaultModelId ?? await _way.FirstModel(cancellationToken).ConfigureAwait(false);
        body["stream"] = true;
        body["stream_options"] = new JsonObject { ["include_usage"] = true };
        using var answer = await _way.Post("v1/chat/completions", body, cancellationToken).ConfigureAwait(false);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
        var updates = new ChatUpdates();
        while (await _way.Within(stop => reader.ReadLineAsync(stop).AsTask(), cancellationToken).ConfigureAwait(false) is { } line)
        {
            // Comments keep the connection alive.
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
            {
                continue;
            }

            if (line.AsSpan(6) is "[DONE]")
            {
                yield break;
            }

            foreach (var update in Read(_way.Read(line[6..]), updates))
            {
                yield return update;
            }
        }

        throw new CrescentException($"The answer of {_way.Address} broke off.", new EndOfStreamException());
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? _metadata
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        // The HTTP client is its maker's.
    }

    private static IEnumerable<ChatResponseUpdate> Read(JsonObject piece, ChatUpdates updates)
    {
        if (piece["error"] is { } error)
        {
            throw HttpWay.Failure(error, null, "The answer broke off.");
        }

        updates.Head((string?)piece["id"], (string?)piece["model"], (long?)piece["created"]);
        if (piece["choices"] is JsonArray { Count: > 0 } choices)
        {
            var delta = choices[0]!["delta"];
            if ((string?)delta?["reasoning_content"] is { Length: > 0 } thought)
            {
                yield return updates.Thought(thought);
            }

            if ((string?)delta?["content"] is { Length: > 0 } text)
            {
                yield return updates.Text(text);
            }

            foreach (var call in delta?["tool_calls"] as JsonArray ?? [])
            {
                updates.Call((int)call!["index"]!, (string?)call["id"], (string?)call["function"]?["name"], (string?)call["function"]?["arguments"]);
            }

            if ((string?)choices[0]!["finish_reason"] is { } reason)
            {
                yield return updates.End(reason);
            }
        }

        if (piece["usage"] is JsonObject usage)
        {
            yield return updates.Usage(
                new UsageDetails
                {
                    InputTokenCount = (long?)usage["prompt_tokens"],
                    OutputTokenCount = (long?)usage["completion_tokens"],
                    TotalTokenCount = (long?)usage["total_tokens"],
                    CachedInputTokenCount = (long?)usage["prompt_tokens_details"]?["cached_tokens"],
                    ReasoningTokenCount = (long?)usage["completion_tokens_details"]?["reasoning_tokens"],
                },
                Cost(usage, usage["crescent"] as JsonObject, usage["energy"] as JsonObject));
        }
    }

    private static ChatUsage Cost(JsonObject usage, JsonObject? own, JsonObject? energy) => new()
    {
        PromptTokens = (int?)usage["prompt_tokens"] ?? 0,
        CompletionTokens = (int?)usage["completion_tokens"] ?? 0,
        CachedTokens = (int?)usage["prompt_tokens_details"]?["cached_tokens"] ?? 0,
        QueueSeconds = (double?)own?["queue_seconds"] ?? 0,
        PrefillSeconds = (double?)own?["prefill_seconds"] ?? 0,
        DecodeSeconds = (double?)own?["decode_seconds"] ?? 0,
        Device = (string?)own?["device"] ?? "",
        Joules = (double?)energy?["joules"] ?? (double?)own?["joules"] ?? 0,
        EnergySource = (string?)energy?["source"] ?? "",
        Simulated = (bool?)energy?["simulated"] ?? false,
        EstimatedJoules = (double?)energy?["estimated_joules"] ?? 0,
    };
}
