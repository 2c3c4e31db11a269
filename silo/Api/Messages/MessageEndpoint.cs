using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Crescent.Silo.Admission;
using Crescent.Silo.Api.OpenAi;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Messages;

/// <summary>POST /v1/messages and /v1/messages/count_tokens: Anthropic's dialect.</summary>
internal static class MessageEndpoint
{
    public static void MapMessages(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/messages", Answer).WithMetadata(new MessageErrors());

    public static void MapMessageCount(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/messages/count_tokens", Count).WithMetadata(new MessageErrors());

    private static async Task Answer(HttpContext http, RequestDesk desk, IGenerationService service, ModelCatalogue models, TimeProvider time, IgnoredFields ignored)
    {
        var (fields, request) = await Read(http, desk, models, time, ignored);
        WorkLease.Of(http)?.Dispose();
        await new DialectAnswer(service, request, time).Send(http, fields.Stream, "toolu_", source => new MessageForm(source, request, fields.TellsThoughts));
    }

    /// <summary>Reads what is asked for. The body is let go at the end of it: an answer may take minutes.</summary>
    private static async Task<(CompletionFields Fields, PreparedRequest Request)> Read(HttpContext http, RequestDesk desk, ModelCatalogue models, TimeProvider time, IgnoredFields ignored)
    {
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var body = new RequestFields(document.RootElement);
        var asked = MessageFields.Read(http, body, models);
        var request = asked.Fields.Request($"msg_{Guid.NewGuid():N}", [asked.Prompt], RequestBody.Began(http, time)) with { Structure = asked.Structure, Tools = asked.Tools };
        var prepared = await desk.Prepare(request, http.RequestAborted);
        ignored.Report(http, body, asked.Ignored);
        return (asked.Fields, prepared);
    }

    private static async Task Count(HttpContext http, RequestDesk desk, ModelCatalogue models, IgnoredFields ignored)
    {
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var body = new RequestFields(document.RootElement);
        var model = RequestModel.Read(body, models);
        var (prompt, left, _) = MessageFields.ReadPrompt(body, model);
        var tokens = (await desk.Tokens(model, [prompt], MessageTools.Read(body), http.RequestAborted))[0];
        ignored.Report(http, body, left);
        http.Response.ContentType = "application/json; charset=utf-8";
        await http.Response.WriteAsync($"{{\"input_tokens\":{tokens.Length}}}", http.RequestAborted);
    }
}
