using System.Text.Json;
using System.Text.Json.Nodes;

namespace Crescent.Silo.Http;

/// <summary>POST /tokenize and /detokenize, in vLLM's shapes: text or messages to tokens, and back.</summary>
internal static class TokenizerEndpoint
{
    /// <summary>Tokens that one request may turn into text.</summary>
    public const int MaxTokens = 1 << 20;

    public static void MapTokenizer(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/tokenize", Tokenize);
        routes.MapPost("/detokenize", Detokenize);
    }

    private static async Task Tokenize(HttpContext http, ServedModel model, IgnoredFields ignored)
    {
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var body = new RequestFields(document.RootElement);
        CompletionFields.CheckModel(body, model);
        var addSpecial = body.Flag("add_special_tokens") ?? true;
        var names = body.Flag("return_token_strs") ?? false;
        var tokens = body.Any("messages") is not null
            ? Prompts.Chat(body, model)
            : model.Model.Tokenizer.Encode(body.Text("prompt") ?? throw ApiException.Missing("prompt"), parseSpecial: true, addSpecial);
        ignored.Report(http, body);
        var answer = new JsonObject
        {
            ["count"] = tokens.Length,
            ["max_model_len"] = model.ContextLength,
            ["tokens"] = new JsonArray([.. tokens.Select(static token => JsonValue.Create(token))]),
            ["token_strs"] = names ? new JsonArray([.. tokens.Select(token => JsonValue.Create(model.Model.Tokenizer.TokenName(token)))]) : null,
        };
        await Send(http, answer);
    }

    private static async Task Detokenize(HttpContext http, ServedModel model, IgnoredFields ignored)
    {
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var body = new RequestFields(document.RootElement);
        CompletionFields.CheckModel(body, model);
        var tokens = body.Any("tokens") ?? throw ApiException.Missing("tokens");
        if (tokens.ValueKind != JsonValueKind.Array || tokens.GetArrayLength() > MaxTokens)
        {
            throw ApiException.InvalidType("tokens", $"an array of up to {MaxTokens} tokens", RequestFields.Kind(tokens));
        }

        var ids = tokens.GetArrayLength() == 0 ? [] : Prompts.Tokens(tokens, "tokens", model);
        ignored.Report(http, body);
        await Send(http, new JsonObject { ["prompt"] = model.Model.Tokenizer.Decode(ids, withSpecial: true) });
    }

    private static async Task Send(HttpContext http, JsonObject answer)
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        var json = new Utf8JsonWriter(http.Response.BodyWriter, ApiJson.Writer);
        await using (json)
        {
            answer.WriteTo(json);
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }
}
