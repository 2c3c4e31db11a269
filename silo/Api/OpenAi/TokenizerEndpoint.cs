using System.Text.Json;
using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Crescent.Silo.Admission;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>POST /tokenize and /detokenize, in vLLM's shapes: text or messages to tokens, and back.</summary>
internal static class TokenizerEndpoint
{
    /// <summary>Tokens that one request may turn into text.</summary>
    public const int MaxTokens = 1 << 20;

    /// <summary>Bytes of an answer that are written at once.</summary>
    private const int FlushBytes = 1 << 14;

    public static void MapTokenizer(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/tokenize", Tokenize);
        routes.MapPost("/detokenize", Detokenize);
    }

    private static async Task Tokenize(HttpContext http, RequestDesk desk, ModelCatalogue models, TextWork texts, IgnoredFields ignored)
    {
        var (model, tokens, names) = await ReadTexts(http, models, desk, texts, ignored);
        WorkLease.Of(http)?.Dispose();
        await Send(http, async (json, written) =>
        {
            json.WriteStartObject();
            json.WriteNumber("count"u8, tokens.Length);
            json.WriteNumber("max_model_len"u8, desk.Room(model).Tokens);
            json.WriteStartArray("tokens"u8);
            foreach (var token in tokens)
            {
                json.WriteNumberValue(token);
                await written();
            }

            json.WriteEndArray();
            if (names)
            {
                json.WriteStartArray("token_strs"u8);
                foreach (var token in tokens)
                {
                    json.WriteStringValue(model.Model.Tokenizer.TokenName(token));
                    await written();
                }

                json.WriteEndArray();
            }
            else
            {
                json.WriteNull("token_strs"u8);
            }

            json.WriteEndObject();
        });
    }

    /// <summary>The tokens of what is asked for, and whether their names are wanted. The body is let go at the end of it.</summary>
    private static async Task<(ServedModel Model, int[] Tokens, bool Names)> ReadTexts(HttpContext http, ModelCatalogue models, RequestDesk desk, TextWork texts, IgnoredFields ignored)
    {
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var body = new RequestFields(document.RootElement);
        RefusedFields.CheckTokens(body);
        var model = RequestModel.Read(body, models);
        var addSpecial = body.Flag("add_special_tokens") ?? true;
        var names = body.Flag("return_token_strs") ?? false;
        var tokens = body.Any("messages") is not null
            ? (await desk.Tokens(model, [Prompts.Chat(body, model)], ToolFields.Read(body), http.RequestAborted))[0]
            : await Encode(body.Text("prompt") ?? throw ApiException.Missing("prompt"));
        ignored.Report(http, body);
        return (model, tokens, names);

        ValueTask<int[]> Encode(string text) => texts.Do(
            text.Length, () => model.Model.Tokenizer.Encode(text, parseSpecial: true, addSpecial), http.RequestAborted);
    }

    private static async Task Detokenize(HttpContext http, ModelCatalogue models, TextWork texts, IgnoredFields ignored)
    {
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var body = new RequestFields(document.RootElement);
        RefusedFields.CheckDetokenizer(body);
        var model = RequestModel.Read(body, models);
        var tokens = body.Any("tokens") ?? throw ApiException.Missing("tokens");
        if (tokens.ValueKind != JsonValueKind.Array || tokens.GetArrayLength() > MaxTokens)
        {
            throw ApiException.InvalidType("tokens", $"an array of up to {MaxTokens} tokens", RequestFields.Kind(tokens));
        }

        var ids = tokens.GetArrayLength() == 0 ? [] : Prompts.ReadTokens(tokens, "tokens", model);
        ignored.Report(http, body);
        var text = await texts.Do(ids.Length, () => model.Model.Tokenizer.Decode(ids, withSpecial: true), http.RequestAborted);
        WorkLease.Of(http)?.Dispose();
        await Send(http, (json, _) =>
        {
            json.WriteStartObject();
            json.WriteString("prompt"u8, text);
            json.WriteEndObject();
            return Task.CompletedTask;
        });
    }

    /// <summary>Sends an answer as it is written: millions of tokens must not be in memory as text.</summary>
    /// <param name="http">Where to.</param>
    /// <param name="write">Writes it, and says after each element that it has.</param>
    private static async Task Send(HttpContext http, Func<Utf8JsonWriter, Func<ValueTask>, Task> write)
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        var json = new Utf8JsonWriter(http.Response.BodyWriter, ApiJson.Writer);
        await using (json)
        {
            await write(json, Written);
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);

        async ValueTask Written()
        {
            if (json.BytesPending >= FlushBytes)
            {
                json.Flush();
                await http.Response.BodyWriter.FlushAsync(http.RequestAborted);

                // Others' turn: a client that reads at once would never make it wait.
                await Task.Yield();
            }
        }
    }
}
