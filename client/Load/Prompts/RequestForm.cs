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
    public void Write(ReadOnlySpan<PromptPart> prompt, int outputTokens, PromptWriter writer, RequestBuffer into)
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

        into.Add(_beforePrompt);
        writer.Write(prompt, into);
        into.Add(_end);
    }

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
