using Crescent.Grains.Models;
using Crescent.Grains.Serving;
using Crescent.Silo.Admission;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>POST /v1/completions: one choice for each prompt.</summary>
internal static class CompletionEndpoint
{
    /// <summary>OpenAI's default for this endpoint, where no template ends an answer.</summary>
    public const int DefaultMaxTokens = 16;

    public static void MapCompletion(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/completions", Answer);

    private static async Task Answer(HttpContext http, IGenerationService service, ModelCatalogue models, TextWork texts, TimeProvider time, IgnoredFields ignored)
    {
        var (fields, prompts, deadline) = await Read(http, service, models, texts, time, ignored);
        WorkLease.Of(http)?.Dispose();
        await new CompletionAnswer(service, new TextFormat(), fields.Model, deadline, time).Send(http, fields, prompts);
    }

    /// <summary>Reads what is asked for. The body is let go at the end of it: an answer may take minutes.</summary>
    private static async Task<(CompletionFields Fields, IReadOnlyList<(int[] Tokens, int Budget)> Prompts, RequestDeadline Deadline)> Read(
        HttpContext http, IGenerationService service, ModelCatalogue models, TextWork texts, TimeProvider time, IgnoredFields ignored)
    {
        var began = RequestBody.Began(http, time);
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var body = new RequestFields(document.RootElement);
        var model = RequestModel.Read(body, models);
        var owner = RequestOwner.Read(http, body);
        var fields = CompletionFields.Read(body, model).Of(owner);
        var deadline = new RequestDeadline(fields.Request.Deadline, began, time);
        using var grammars = new GrammarCheck(model, deadline, http.RequestAborted);
        fields = fields.With(await StructureFields.Read(body, grammars), tools: null);
        var prompts = await Prompts.Text(body, model, texts, http.RequestAborted);
        ignored.Report(http, body);
        var room = ContextRoom.Of(model, service);
        var budgeted = prompts.Select((tokens, i) => (tokens, Prompts.Budget(
            tokens,
            fields.MaxTokens ?? Math.Min(DefaultMaxTokens, Math.Max(1, room.Tokens - tokens.Length)),
            fields.MaxTokensName,
            prompts.Count == 1 ? "prompt" : $"prompt[{i}]",
            room))).ToList();
        Prompts.CheckCount(prompts, fields.Candidates);
        return (fields, budgeted, deadline);
    }
}
