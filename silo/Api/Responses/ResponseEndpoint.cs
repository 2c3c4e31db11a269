using System.Text.Json;
using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Crescent.Grains.Turns;
using Crescent.Silo.Admission;
using Crescent.Silo.Api.OpenAi;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Responses;

/// <summary>POST /v1/responses and /v1/responses/input_tokens, GET and DELETE of a response that is kept.</summary>
internal static class ResponseEndpoint
{
    public static void MapResponses(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/responses", Answer).WithMetadata(new ResponseErrors());

    public static void MapResponseCount(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/responses/input_tokens", Count);

    public static void MapKeptResponses(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/responses/{id}", Find);
        routes.MapGet("/v1/responses/{id}/input_items", FindInput);
        routes.MapDelete("/v1/responses/{id}", Delete);
    }

    private static async Task Answer(
        HttpContext http, RequestDesk desk, IGenerationService service, ModelCatalogue models, ITurnStore turns, TimeProvider time, IgnoredFields ignored)
    {
        var (fields, request, echo, input) = await Read(http, desk, models, turns, time, ignored);
        WorkLease.Of(http)?.Dispose();
        var tenant = IdempotencyGuard.Tenant(http);
        Func<string, byte[], Task<bool>>? keep = input is null
            ? null
            : (id, answer) => turns.Keep(tenant, new StoredTurn { Id = id, Previous = echo.Previous, Input = input, Answer = answer });
        await new DialectAnswer(service, request, time).Send(http, fields.Stream, "call_", source => new ResponseForm(source, request, echo, fields.TellsThoughts, keep));
    }

    /// <summary>Reads what is asked for, and what is to be kept of it: null for nothing. The body is let go at the end of it: an answer may take minutes.</summary>
    private static async Task<(CompletionFields Fields, PreparedRequest Request, ResponseEcho Echo, byte[]? Input)> Read(
        HttpContext http, RequestDesk desk, ModelCatalogue models, ITurnStore turns, TimeProvider time, IgnoredFields ignored)
    {
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var body = new RequestFields(document.RootElement);
        var asked = ResponseFields.Read(http, body, models, await Before(http, body, turns));
        var request = asked.Fields.Request($"resp_{Guid.NewGuid():N}", [asked.Prompt], RequestBody.Began(http, time)) with { Structure = asked.Structure, Tools = asked.Tools };
        var prepared = await desk.Prepare(request, http.RequestAborted);
        var echo = new ResponseEcho(body);
        ignored.Report(http, body, asked.Ignored);
        return (asked.Fields, prepared, echo, asked.Store ? ResponseEcho.Input(body) : null);
    }

    private static async Task Count(HttpContext http, RequestDesk desk, ModelCatalogue models, ITurnStore turns, IgnoredFields ignored)
    {
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var body = new RequestFields(document.RootElement);
        var model = RequestModel.Read(body, models);
        var (prompt, left) = ResponseFields.ReadPrompt(body, model, await Before(http, body, turns));
        var tokens = (await desk.Tokens(model, [prompt], ResponseTools.Read(body), http.RequestAborted))[0];
        ignored.Report(http, body, left);
        await Send(http, json =>
        {
            json.WriteString("object"u8, "response.input_tokens"u8);
            json.WriteNumber("input_tokens"u8, tokens.Length);
        });
    }

    private static async Task Find(string id, HttpContext http, ITurnStore turns)
    {
        if (http.Request.Query["stream"] == "true")
        {
            throw ApiException.Unsupported("stream", "A response that is kept comes whole; leave 'stream' out.");
        }

        var turn = await turns.Find(IdempotencyGuard.Tenant(http), id) ?? throw NotFound(id);
        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.ContentLength = turn.Answer.Length;
        await http.Response.Body.WriteAsync(turn.Answer, http.RequestAborted);
    }

    private static async Task FindInput(string id, HttpContext http, ITurnStore turns)
    {
        var turn = await turns.Find(IdempotencyGuard.Tenant(http), id) ?? throw NotFound(id);
        using var items = JsonDocument.Parse(turn.Input);
        var all = items.RootElement.EnumerateArray().Reverse().ToList();
        await Send(http, json =>
        {
            json.WriteString("object"u8, "list"u8);
            json.WriteStartArray("data"u8);
            all.ForEach(item => item.WriteTo(json));
            json.WriteEndArray();
            json.WriteString("first_id"u8, all.Count > 0 ? all[0].GetProperty("id"u8).GetString() : null);
            json.WriteString("last_id"u8, all.Count > 0 ? all[^1].GetProperty("id"u8).GetString() : null);
            json.WriteBoolean("has_more"u8, false);
        });
    }

    private static async Task Delete(string id, HttpContext http, ITurnStore turns)
    {
        if (!await turns.Remove(IdempotencyGuard.Tenant(http), id))
        {
            throw NotFound(id);
        }

        await Send(http, json =>
        {
            json.WriteString("id"u8, id);
            json.WriteString("object"u8, "response.deleted"u8);
            json.WriteBoolean("deleted"u8, true);
        });
    }

    /// <summary>The turns before a request.</summary>
    /// <exception cref="ApiException">They are not there any more.</exception>
    private static async Task<IReadOnlyList<StoredTurn>> Before(HttpContext http, RequestFields body, ITurnStore turns) => body.Text("previous_response_id") is not { } previous ? []
        : await turns.Chain(IdempotencyGuard.Tenant(http), previous)
            ?? throw new ApiException(
                StatusCodes.Status400BadRequest,
                ApiException.InvalidRequest,
                $"The response '{previous}', or one before it, is not kept here (any more). Send the whole conversation as 'input'.",
                "previous_response_id",
                "previous_response_not_found");

    private static ApiException NotFound(string id) => new(
        StatusCodes.Status404NotFound, ApiException.InvalidRequest, $"There is no response '{id}' here (any more).", "id", "response_not_found");

    private static async Task Send(HttpContext http, Action<Utf8JsonWriter> write)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body, ApiJson.Writer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), http.RequestAborted);
    }
}
