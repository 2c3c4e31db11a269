using Crescent.Grains.Models;
using Crescent.Grains.Serving;
using Crescent.Silo.Admission;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>POST /v1/chat/completions.</summary>
internal static class ChatEndpoint
{
    public static void MapChat(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/chat/completions", Answer);

    private static async Task Answer(HttpContext http, IGenerationService service, ModelCatalogue models, TextWork texts, TimeProvider time, IgnoredFields ignored)
    {
        var (fields, tokens, budget, deadline) = await Read(http, service, models, texts, time, ignored);
        WorkLease.Of(http)?.Dispose();
        await new CompletionAnswer(service, new ChatFormat(), fields.Model, deadline, time).Send(http, fields, [(tokens, budget)]);
    }

    /// <summary>Reads what is asked for. The body is let go at the end of it: an answer may take minutes.</summary>
    private static async Task<(CompletionFields Fields, int[] Tokens, int Budget, RequestDeadline Deadline)> Read(
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
        var structure = await StructureFields.Read(body, grammars);
        var tools = await ToolFields.Read(body, model, grammars, structure);
        fields = fields.With(structure, tools);
        var tokens = await Prompts.Chat(body, model, texts, http.RequestAborted, tools?.Tools);
        var budget = Prompts.Budget(tokens, fields.MaxTokens, fields.MaxTokensName, "messages", ContextRoom.Of(model, service));
        Prompts.CheckCount([tokens], fields.Candidates);
        ignored.Report(http, body);
        return (fields, tokens, budget, deadline);
    }
}
