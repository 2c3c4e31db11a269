using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Grains.Contracts.Chat;

namespace Crescent.Client.Connections.Http;

/// <summary>Reads the events of a streamed chat completion: OpenAI's <c>chat.completion.chunk</c> objects, ended by <c>[DONE]</c>.</summary>
internal static class ChatEvents
{
    private const string Done = "[DONE]";

    /// <summary>Reads the answer in <paramref name="body"/> to its end.</summary>
    /// <exception cref="FactoryException">The stream carries an error.</exception>
    /// <exception cref="EndOfStreamException">The stream ends before <c>[DONE]</c>.</exception>
    /// <exception cref="JsonException">An event is no JSON object.</exception>
    public static async IAsyncEnumerable<ChatChunk> Read(
        Stream body, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in SseParser.Create(body).EnumerateAsync(cancellationToken))
        {
            if (item.Data == Done)
            {
                yield break;
            }

            var chunk = JsonNode.Parse(item.Data) as JsonObject ?? throw new JsonException($"An event is no object: {item.Data}");
            if (chunk["error"] is JsonObject error)
            {
                throw HttpFailures.Refusal(error, "The factory gave up on the answer", "Ask again.");
            }

            yield return Read(chunk);
        }

        throw new EndOfStreamException();
    }

    private static ChatChunk Read(JsonObject chunk)
    {
        var choice = chunk["choices"] is JsonArray { Count: > 0 } choices ? choices[0] : null;
        return new ChatChunk
        {
            Text = (string?)choice?["delta"]?["content"] ?? "",
            FinishReason = (string?)choice?["finish_reason"],
            Usage = chunk["usage"] is JsonObject usage ? ReadUsage(usage) : null,
        };
    }

    private static ChatUsage ReadUsage(JsonObject usage)
    {
        var own = usage["crescent"] as JsonObject;
        var energy = usage["energy"] as JsonObject;
        return new ChatUsage
        {
            PromptTokens = (int?)usage["prompt_tokens"] ?? 0,
            CompletionTokens = (int?)usage["completion_tokens"] ?? 0,
            QueueSeconds = (double?)own?["queue_seconds"] ?? 0,
            PrefillSeconds = (double?)own?["prefill_seconds"] ?? 0,
            DecodeSeconds = (double?)own?["decode_seconds"] ?? 0,
            Joules = (double?)energy?["joules"] ?? (double?)own?["joules"] ?? 0,
            EnergySource = (string?)energy?["source"] ?? "",
            Simulated = (bool?)energy?["simulated"] ?? false,
            EstimatedJoules = (double?)energy?["estimated_joules"] ?? 0,
            Device = (string?)own?["device"] ?? "",
        };
    }
}
