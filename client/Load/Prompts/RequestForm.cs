using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Client.Load.Wire;

namespace Crescent.Client.Load.Prompts;

/// <summary>The body of each call, but for its prompt and the length of its answer.</summary>
internal sealed class RequestForm
{
    private readonly byte[] _begin;
    private readonly byte[] _beforePrompt;
    private readonly byte[] _end;
    private readonly byte[] _beforeMessages;
    private readonly byte[] _limit;
    private readonly byte[] _least;

    /// <param name="endpoint">What is asked.</param>
    /// <param name="model">Of whom.</param>
    /// <param name="stream">Whether answers come as events.</param>
    /// <param name="ignoreEos">Whether an answer has all the tokens that it may have (<c>ignore_eos</c> and <c>min_tokens</c>, which not all servers know).</param>
    /// <param name="extra">More fields; null for none.</param>
    /// <param name="limitField">The field of the limit, such as <c>max_completion_tokens</c>; null for the endpoint's own.</param>
    public RequestForm(LoadEndpoint endpoint, string model, bool stream, bool ignoreEos, JsonObject? extra = null, string? limitField = null)
    {
        limitField ??= endpoint == LoadEndpoint.Responses ? "max_output_tokens" : "max_tokens";
        Endpoint = endpoint;
        Stream = stream && endpoint != LoadEndpoint.Embeddings;
        var fields = new JsonObject { ["model"] = model };
        if (Stream)
        {
            fields["stream"] = true;
            if (endpoint != LoadEndpoint.Responses)
            {
                // Responses tell their usage in any case.
                fields["stream_options"] = new JsonObject { ["include_usage"] = true };
            }
        }

        if (ignoreEos && endpoint != LoadEndpoint.Embeddings)
        {
            fields["ignore_eos"] = true;
        }

        foreach (var (name, value) in extra ?? [])
        {
            fields[name] = value?.DeepClone();
        }

        var text = fields.ToJsonString();
        _begin = Bytes(text[..^1]);
        _limit = endpoint == LoadEndpoint.Embeddings ? [] : Bytes($",{JsonSerializer.Serialize(limitField)}:");
        _least = ignoreEos && endpoint != LoadEndpoint.Embeddings ? Bytes(",\"min_tokens\":") : [];
        _beforeMessages = endpoint switch
        {
            LoadEndpoint.Chat => Bytes(",\"messages\":["),
            LoadEndpoint.Responses => Bytes(",\"input\":["),
            _ => [],
        };
        (_beforePrompt, _end) = endpoint switch
        {
            LoadEndpoint.Chat => (Bytes(",\"messages\":[{\"role\":\"user\",\"content\":\""), Bytes("\"}]}")),
            LoadEndpoint.Completions => (Bytes(",\"prompt\":\""), Bytes("\"}")),
            _ => (Bytes(",\"input\":\""), Bytes("\"}")),
        };
    }

    /// <summary>What is asked.</summary>
    public LoadEndpoint Endpoint { get; }

    /// <summary>Whether answers come as events.</summary>
    public bool Stream { get; }

    /// <summary>Below <c>/v1</c>.</summary>
    public string Path => Endpoint switch
    {
        LoadEndpoint.Chat => "/chat/completions",
        LoadEndpoint.Completions => "/completions",
        LoadEndpoint.Responses => "/responses",
        _ => "/embeddings",
    };

    /// <summary>Writes a body.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="messages">What of it is which message, where there are messages; null for one of the user.</param>
    /// <param name="outputTokens">The answer may have this many.</param>
    /// <param name="writer">Has the words.</param>
    /// <param name="into">Takes it.</param>
    public void Write(ReadOnlySpan<PromptPart> prompt, PromptMessage[]? messages, int outputTokens, PromptWriter writer, RequestBuffer into)
    {
        into.Add(_begin);
        if (_limit.Length > 0)
        {
            into.Add(_limit);
            into.Add(outputTokens);
        }

        if (_least.Length > 0)
        {
            into.Add(_least);
            into.Add(outputTokens);
        }

        if (messages is not null && _beforeMessages.Length > 0)
        {
            into.Add(_beforeMessages);
            writer.Write(prompt, messages, into, Opening, "\"}"u8);
            into.Add("]}"u8);
            return;
        }

        into.Add(_beforePrompt);
        writer.Write(prompt, into);
        into.Add(_end);
    }

    private static void Opening(RequestBuffer into, PromptMessage message, int number)
    {
        into.Add(number == 0 ? "{\"role\":\""u8 : ",{\"role\":\""u8);
        into.Add(message.Role switch { "system" => "system"u8, "assistant" => "assistant"u8, _ => "user"u8 });
        into.Add("\",\"content\":\""u8);
    }

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
