using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Crescent.Silo.Admission;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>POST /v1/completions: one choice for each prompt.</summary>
internal static class CompletionEndpoint
{
    /// <summary>OpenAI's default for this endpoint, where no template ends an answer.</summary>
    public const int DefaultMaxTokens = 16;

    public static void MapCompletion(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/completions", Answer);

    private static async Task Answer(HttpContext http, RequestDesk desk, IGenerationService service, ModelCatalogue models, TimeProvider time, IgnoredFields ignored)
    {
        var (fields, request) = await Read(http, desk, models, $"cmpl-{Guid.NewGuid():N}", time, ignored);
        WorkLease.Of(http)?.Dispose();
        await new CompletionAnswer(service, new TextFormat(), request, time).Send(http, fields);
    }

    /// <summary>Reads what is asked for. The body is let go at the end of it: an answer may take minutes.</summary>
    private static async Task<(CompletionFields Fields, PreparedRequest Request)> Read(
        HttpContext http, RequestDesk desk, ModelCatalogue models, string id, TimeProvider time, IgnoredFields ignored)
    {
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var body = new RequestFields(document.RootElement);
        RefusedFields.CheckText(body);
        var model = RequestModel.Read(body, models);
        var structure = StructureFields.Read(body);
        var fields = CompletionFields.Read(body, model, leastTokens: 0).Of(RequestOwner.Read(http, body)).WithEcho(body, structure);
        var request = fields.Request(id, Prompts.Text(body, model, "prompt", Prompts.MaxCount), RequestBody.Began(http, time)) with
        {
            Structure = structure,
            DefaultMaxTokens = DefaultMaxTokens,
            GivesPrompt = fields.EchoesLogprobs,
        };
        var prepared = await desk.Prepare(request, http.RequestAborted);
        ignored.Report(http, body);
        return (fields, prepared);
    }
}
