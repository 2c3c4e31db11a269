using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Crescent.Grains.Contracts.Chat;
using Microsoft.Extensions.AI;

namespace Crescent.Sdk;

/// <summary>A factory's models over Orleans, for programs within the cluster's network: no HTTP, no keys.</summary>
/// <param name="cluster">The cluster, such as the host's <see cref="IClusterClient"/>.</param>
/// <param name="options">Model, tenant and timeout.</param>
public sealed class ClusterChatClient(IGrainFactory cluster, CrescentClientOptions options) : IChatClient
{
    /// <summary>A call that is left has so long to end in the cluster before its end is not waited for.</summary>
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(1);

    private readonly ChatClientMetadata _metadata = new("crescent", null, options.Model);
    private readonly TimeSpan _timeout = options.Timeout;
    private readonly string _tenant = options.Tenant;

    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var call = Call(ChatBody.Of(messages, options, this));
        var hidesThoughts = options?.Reasoning?.Output == ReasoningOutput.None;
        var id = Guid.NewGuid();
        var updates = new ChatUpdates($"chat-{id:n}", call.Model);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var chunks = cluster.GetGrain<IChatGrain>(id).Complete(call, stop.Token).GetAsyncEnumerator(stop.Token);
        Task<bool>? next = null;
        try
        {
            while (await ClusterWay.Within(next = chunks.MoveNextAsync().AsTask(), _timeout, cancellationToken).ConfigureAwait(false))
            {
                foreach (var update in Read(chunks.Current, updates, hidesThoughts))
                {
                    yield return update;
                }
            }
        }
        finally
        {
            // An enumerator may only be closed when no step of it is under way; one that is left open ends in the cluster by itself, minutes later.
            await stop.CancelAsync().ConfigureAwait(false);
            if (next is { IsCompleted: false })
            {
                await Task.WhenAny(next, Task.Delay(CloseTime, CancellationToken.None)).ConfigureAwait(false);
            }

            if (next is null or { IsCompleted: true })
            {
                await chunks.DisposeAsync().ConfigureAwait(false);
            }
        }

        if (!updates.IsEnded)
        {
            throw new CrescentException("The answer broke off.");
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? _metadata
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        // The cluster's client is its maker's.
    }

    /// <summary>The fields as a call; one that it has no place for is refused.</summary>
    private ChatCall Call(JsonObject body)
    {
        var format = Take(body, "response_format");
        var choice = Take(body, "tool_choice");
        var call = new ChatCall
        {
            Messages = Take(body, "messages")!.ToJsonString(),
            Model = (string?)Take(body, "model") ?? _metadata.DefaultModelId,
            MaxTokens = (int?)Take(body, "max_completion_tokens"),
            Temperature = (float?)Take(body, "temperature") ?? 1,
            TopP = (float?)Take(body, "top_p") ?? 1,
            TopK = (int?)Take(body, "top_k") ?? 0,
            FrequencyPenalty = (float?)Take(body, "frequency_penalty") ?? 0,
            PresencePenalty = (float?)Take(body, "presence_penalty") ?? 0,
            Seed = (long?)Take(body, "seed"),
            Session = (string?)Take(body, "session_id"),
            Stop = Take(body, "stop") switch
            {
                null => [],
                JsonArray several => [.. several.Select(static stop => (string)stop!)],
                var single => [(string)single!],
            },
            Tenant = (string?)Take(body, "user") ?? _tenant,
            Tools = Take(body, "tools")?.ToJsonString(),
            ToolChoice = choice is JsonObject one ? $"function:{(string?)one["function"]?["name"]}" : (string?)choice ?? "auto",
            ParallelToolCalls = (bool?)Take(body, "parallel_tool_calls") ?? true,
            Schema = format is null || (string?)format["type"] == "text" ? null : format["json_schema"]?["schema"]?.ToJsonString() ?? "",
            StrictSchema = (bool?)format?["json_schema"]?["strict"] ?? false,
            ReasoningEffort = (string?)Take(body, "reasoning_effort"),
            PartsThoughts = true,
        };
        Take(body, "include_reasoning");
        return body.Count == 0 ? call : throw new NotSupportedException($"'{body.First().Key}' is a field of the HTTP API alone; over Orleans there is no place for it.");
    }

    private static JsonNode? Take(JsonObject body, string name) => body.Remove(name, out var value) ? value : null;

    private static IEnumerable<ChatResponseUpdate> Read(ChatChunk chunk, ChatUpdates updates, bool hidesThoughts)
    {
        if (chunk.Thought.Length > 0 && !hidesThoughts)
        {
            yield return updates.Thought(chunk.Thought);
        }

        if (chunk.Text.Length > 0)
        {
            yield return updates.Text(chunk.Text);
        }

        foreach (var call in chunk.ToolCalls)
        {
            updates.Call(call.Index, call.CallId, call.Name, call.Arguments);
        }

        if (chunk.FinishReason is { } reason)
        {
            yield return updates.End(reason);
        }

        if (chunk.Usage is { } usage)
        {
            yield return updates.Usage(
                new UsageDetails
                {
                    InputTokenCount = usage.PromptTokens,
                    OutputTokenCount = usage.CompletionTokens,
                    CachedInputTokenCount = usage.CachedTokens,
                    ReasoningTokenCount = chunk.ThoughtTokens,
                },
                usage);
        }
    }
}
