using System.Globalization;
using System.Text;
using Crescent.Agents.Strategies;
using Crescent.Grains.Agents;
using Crescent.Grains.Contracts.Agents;
using Crescent.Grains.Contracts.Identity;
using Crescent.Silo.Admission;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Identity;
using Microsoft.AspNetCore.Mvc;

namespace Crescent.Silo.Api.Agents;

/// <summary>/v1/agents: submits, lists, shows, watches, approves and cancels agent tasks. A tenant sees its own alone.</summary>
internal static class AgentEndpoint
{
    private const string Route = "/v1/agents";
    private const int DefaultListed = 100;

    /// <summary>Longest time between two things that a watcher hears.</summary>
    private static readonly TimeSpan Pulse = TimeSpan.FromSeconds(15);

    /// <summary>Maps those with a body.</summary>
    public static void MapAgentSubmission(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(Route, Submit);
        routes.MapPost(Route + "/{id}/approve", Decide);
    }

    /// <summary>Maps the others.</summary>
    public static void MapAgents(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Route, List);
        routes.MapGet(Route + "/{id}", Show);
        routes.MapGet(Route + "/{id}/events", Watch);
        routes.MapDelete(Route + "/{id}", Cancel);
    }

    private static async Task<IResult> Submit(
        HttpContext http, [FromServices] StrategyCatalogue strategies, [FromServices] AgentTools tools, [FromServices] IGrainFactory grains, [FromServices] TenantQuotas quotas)
    {
        quotas.Begin(Caller.Of(http));
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var spec = AgentFields.Read(http, new RequestFields(document.RootElement), strategies, tools);
        var id = AgentFields.Id(http, spec.Tenant);
        var view = await Ask(grains.GetGrain<IAgentTaskGrain>(id).Submit(TaskDocument.Write(spec)));
        http.Response.Headers.Location = $"{Route}/{view.Id}";
        return Answer(view, StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> List(HttpContext http, [FromServices] IGrainFactory grains, int? limit)
    {
        var caller = Caller.Of(http);
        if (limit is < 1 or > AgentOptions.MostKept)
        {
            throw ApiException.InvalidValue("limit", $"'limit' takes 1 to {AgentOptions.MostKept}.");
        }

        var tasks = await grains.GetGrain<IAgentRosterGrain>(0).List(caller.IsKnown && !caller.May(KeyRole.Admin) ? caller.Tenant : null, limit ?? DefaultListed);
        return Results.Json(new AgentList("list", tasks), ApiJson.Readable.AgentList);
    }

    private static async Task<IResult> Show(HttpContext http, string id, [FromServices] IGrainFactory grains) => Answer(await Find(http, id, grains));

    private static async Task<IResult> Decide(HttpContext http, string id, [FromServices] IGrainFactory grains)
    {
        await Find(http, id, grains);
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var body = new RequestFields(document.RootElement);
        var hash = body.Text("hash") ?? throw ApiException.Missing("hash");
        var approved = body.Flag("approved") ?? throw ApiException.Missing("approved");
        var reason = body.Text("reason");
        if (body.Unread.FirstOrDefault() is { } unknown)
        {
            throw ApiException.Unsupported(unknown, $"'{unknown}' is no field of an approval; it has hash, approved and reason.");
        }

        return Answer(await Ask(grains.GetGrain<IAgentTaskGrain>(id).Decide(hash, approved, reason)));
    }

    private static async Task<IResult> Cancel(HttpContext http, string id, [FromServices] IGrainFactory grains)
    {
        await Find(http, id, grains);
        return Answer(await grains.GetGrain<IAgentTaskGrain>(id).Cancel() ?? throw Missing(id));
    }

    /// <summary>Events after <c>Last-Event-ID</c>, or the query's <c>after</c>, and those to come. When the task's silo dies its watchers go on with it elsewhere.</summary>
    private static async Task Watch(HttpContext http, string id, [FromServices] IGrainFactory grains, long? after)
    {
        await Find(http, id, grains);
        var last = Math.Max(0, after ?? LastEvent(http.Request));
        http.Response.ContentType = EventStream.ContentType;
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        await http.Response.Body.FlushAsync(http.RequestAborted);
        await foreach (var news in AgentWatcher.Follow(grains, id, last, Pulse, http.RequestAborted))
        {
            await http.Response.WriteAsync(Text(news), Encoding.UTF8, http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }

    /// <summary>An event as it is sent; a comment that keeps the connection open for none.</summary>
    private static string Text(AgentEvent? news) => news switch
    {
        null => ":\n\n",
        { Number: 0 } => $"event: {news.Kind}\ndata: {news.Json}\n\n",
        _ => string.Create(CultureInfo.InvariantCulture, $"id: {news.Number}\nevent: {news.Kind}\ndata: {news.Json}\n\n"),
    };

    private static long LastEvent(HttpRequest request) => request.Headers.TryGetValue("Last-Event-ID", out var header)
        ? long.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw ApiException.InvalidValue("Last-Event-ID", $"'Last-Event-ID' is '{header}'; it takes the number of an event.")
        : 0;

    private static async Task<AgentView> Find(HttpContext http, string id, IGrainFactory grains)
    {
        var caller = Caller.Of(http);
        var view = await grains.GetGrain<IAgentTaskGrain>(id).Show();
        return view is not null && (!caller.IsKnown || caller.May(KeyRole.Admin) || view.Tenant == caller.Tenant) ? view : throw Missing(id);
    }

    private static ApiException Missing(string id) =>
        new(StatusCodes.Status404NotFound, ApiException.InvalidRequest, $"There is no task '{id}'.", "id", "task_not_found");

    /// <summary>What a task refuses, in the words of HTTP.</summary>
    internal static async Task<AgentView> Ask(Task<AgentView> asked)
    {
        try
        {
            return await asked;
        }
        catch (AgentRefusedException e)
        {
            throw e switch
            {
                { RetryAfter: { } after } => ApiException.Overloaded(e.Message, after),
                { Field: "id" or "hash" } => new ApiException(StatusCodes.Status409Conflict, ApiException.InvalidRequest, e.Message, e.Field, "conflict"),
                { Field: "model" } => new ApiException(StatusCodes.Status404NotFound, ApiException.InvalidRequest, e.Message, "model", "model_not_found"),
                _ => ApiException.InvalidValue(e.Field, e.Message),
            };
        }
    }

    private static IResult Answer(AgentView view, int status = StatusCodes.Status200OK) => Results.Json(view, ApiJson.Readable.AgentView, statusCode: status);
}
