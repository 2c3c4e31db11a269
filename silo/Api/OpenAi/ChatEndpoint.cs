using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Crescent.Silo.Admission;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>POST /v1/chat/completions.</summary>
internal static class ChatEndpoint
{
    public static void MapChat(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/chat/completions", Answer);

    private static async Task Answer(HttpContext http, RequestDesk desk, IGenerationService service, ModelCatalogue models, TimeProvider time, IgnoredFields ignored)
    {
        var (fields, request) = await Read(http, desk, models, ChatFormat.NewId(), time, ignored);
        WorkLease.Of(http)?.Dispose();
        await new CompletionAnswer(service, new ChatFormat(fields.TellsThoughts), request, time).Send(http, fields);
    }

    /// <summary>Reads what is asked for. The body is let go at the end of it: an answer may take minutes.</summary>
    private static async Task<(CompletionFields Fields, PreparedRequest Request)> Read(
        HttpContext http, RequestDesk desk, ModelCatalogue models, string id, TimeProvider time, IgnoredFields ignored)
    {
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var body = new RequestFields(document.RootElement);
        RefusedFields.CheckChat(body);
        var model = RequestModel.Read(body, models);
        var fields = CompletionFields.Read(body, model).Of(RequestOwner.Read(http, body));
        var request = fields.Request(id, [Prompts.Chat(body, model)], RequestBody.Began(http, time)) with
        {
            Structure = StructureFields.Read(body),
            Tools = ToolFields.Read(body),
        };
        var prepared = await desk.Prepare(request, http.RequestAborted);
        ignored.Report(http, body);
        return (fields, prepared);
    }
}
