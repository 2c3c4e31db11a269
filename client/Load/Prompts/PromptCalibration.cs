using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Client.Connections;

namespace Crescent.Client.Load.Prompts;

/// <summary>Finds out how many of its tokens a server makes of our words: by <c>/tokenize</c> where it is served, else by the usage of two calls of one token.</summary>
/// <param name="http">Leads to the server.</param>
/// <param name="prefix">What paths begin with, such as <c>/v1</c>.</param>
/// <param name="model">The model.</param>
/// <param name="seed">Of the run: the words are of its kind, but no call's.</param>
internal sealed class PromptCalibration(HttpClient http, string prefix, string model, long seed)
{
    /// <summary>Whether the server counts tokens by <c>/tokenize</c>.</summary>
    public bool HasTokenizer { get; private set; }

    /// <summary>Measures.</summary>
    /// <exception cref="FactoryException">The server tells no counts of tokens.</exception>
    public async Task<PromptScale> Measure(RequestForm form, CancellationToken cancellationToken)
    {
        var texts = new[] { PromptScale.Sample(seed, few: true), PromptScale.Sample(seed, few: false) };
        var isChat = form.Endpoint is LoadEndpoint.Chat or LoadEndpoint.Responses;
        HasTokenizer = await Tokens(texts[0], isChat: false, cancellationToken) is > 0;
        double? few;
        double? many;
        if (HasTokenizer && await Tokens(texts[0], isChat, cancellationToken) is { } told)
        {
            (few, many) = (told, await Tokens(texts[1], isChat, cancellationToken));
        }
        else
        {
            (few, many) = (await Asked(texts[0], form, cancellationToken), await Asked(texts[1], form, cancellationToken));
        }

        var scale = PromptScale.Measured(few, many, HasTokenizer ? "tokenize" : "usage") ?? throw new FactoryException(
            $"{http.BaseAddress} tells neither by /tokenize nor by usage how many tokens a prompt has",
            "Say with --tokens-per-word how many tokens an English word has with this model, such as 1.3.");
        return isChat ? scale.WithMessages(HasTokenizer ? await Told(texts[0], cancellationToken) : await Asked(texts[0], form, cancellationToken, several: true)) : scale;
    }

    private async Task<int?> Told(string text, CancellationToken cancellationToken) => Count(await Post("tokenize", new JsonObject { ["model"] = model, ["messages"] = Messages(text, several: true) }, cancellationToken));

    private static JsonArray Messages(string text, bool several) =>
        [.. (several ? PromptScale.Roles : ["user"]).Select(role => (JsonNode)new JsonObject { ["role"] = role, ["content"] = text })];

    private static int? Count(JsonObject? answer) => (answer?["count"] as JsonValue)?.TryGetValue<int>(out var count) == true ? count : (answer?["tokens"] as JsonArray)?.Count;

    /// <summary>Tokens of a text by the server's tokenizer; null where it has none to ask.</summary>
    public async Task<int?> Tokens(string text, bool isChat, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["model"] = model };
        if (isChat)
        {
            body["messages"] = Messages(text, several: false);
        }
        else
        {
            body["prompt"] = text;
            body["add_special_tokens"] = false;
        }

        return Count(await Post("tokenize", body, cancellationToken));
    }

    private async Task<double?> Asked(string text, RequestForm form, CancellationToken cancellationToken, bool several = false)
    {
        var body = new JsonObject { ["model"] = model };
        switch (form.Endpoint)
        {
            case LoadEndpoint.Chat:
                body["messages"] = Messages(text, several);
                body["max_tokens"] = 1;
                break;
            case LoadEndpoint.Completions:
                body["prompt"] = text;
                body["max_tokens"] = 1;
                break;
            case LoadEndpoint.Responses:
                body["input"] = Messages(text, several);

                // OpenAI's own takes no fewer.
                body["max_output_tokens"] = 16;
                break;
            default:
                body["input"] = text;
                break;
        }

        var answer = await Post(prefix.TrimStart('/') + form.Path, body, cancellationToken);
        var usage = answer?["usage"];
        return ((usage?["prompt_tokens"] ?? usage?["input_tokens"]) as JsonValue)?.TryGetValue<int>(out var count) == true ? count : null;
    }

    private async Task<JsonObject?> Post(string path, JsonObject body, CancellationToken cancellationToken)
    {
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var reply = await http.PostAsync(path.StartsWith("tokenize", StringComparison.Ordinal) ? new Uri(path, UriKind.Relative) : new Uri("/" + path, UriKind.Relative), content, cancellationToken);
        if (!reply.IsSuccessStatusCode)
        {
            return null;
        }

        try
        {
            return await reply.Content.ReadFromJsonAsync<JsonNode>(cancellationToken) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
