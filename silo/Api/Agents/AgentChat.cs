using Crescent.Agents.Strategies;
using Crescent.Agents.Tasks;
using Crescent.Grains.Agents;
using Crescent.Grains.Contracts.Agents;
using Crescent.Grains.Models;
using Crescent.Silo.Admission;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Identity;

namespace Crescent.Silo.Api.Agents;

/// <summary>
/// Before a chat: one whose model is <c>agent:STRATEGY/MODEL</c> is an agent task, and answered here as a chat. With an <c>Idempotency-Key</c> the task is that of the key and
/// outlives the connection; without one it is cancelled when the client leaves.
/// </summary>
internal sealed class AgentChat : IEndpointFilter
{
    /// <summary>Longest time between two things that a client hears.</summary>
    private static readonly TimeSpan Pulse = TimeSpan.FromSeconds(15);

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (!AgentModelName.Is(http.Features.Get<ReceivedBody>()?.Text("model")))
        {
            return await next(context);
        }

        await Answer(http);
        return Results.Empty;
    }

    private static async Task Answer(HttpContext http)
    {
        var services = http.RequestServices;
        var grains = services.GetRequiredService<IGrainFactory>();
        services.GetRequiredService<TenantQuotas>().Begin(Caller.Of(http));
        using var pass = services.GetRequiredService<RequestGate>().Enter();
        var fields = await Read(http);
        WorkLease.Of(http)?.Dispose();
        var id = AgentFields.Id(http, fields.Task.Tenant);
        var task = grains.GetGrain<IAgentTaskGrain>(id);
        var hasEnded = http.Request.Headers.ContainsKey(AgentFields.KeyHeader);
        try
        {
            await AgentEndpoint.Ask(task.Submit(TaskDocument.Write(fields.Task)));
            var time = services.GetRequiredService<TimeProvider>();
            using var answer = new AgentChatAnswer(http, fields, id, time.GetUtcNow());
            await foreach (var news in AgentWatcher.Follow(grains, id, 0, Pulse, http.RequestAborted))
            {
                hasEnded |= news?.Kind == NoteKinds.Done;
                await answer.Tell(news);
            }

            hasEnded = true;
            await answer.End();
        }
        finally
        {
            if (!hasEnded)
            {
                await task.Cancel();
            }
        }
    }

    /// <summary>Reads what is asked for. The body is let go at the end of it: a task may take minutes.</summary>
    private static async Task<AgentChatFields> Read(HttpContext http)
    {
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var services = http.RequestServices;
        return AgentChatFields.Read(
            http,
            new RequestFields(document.RootElement),
            services.GetRequiredService<StrategyCatalogue>(),
            services.GetRequiredService<AgentTools>(),
            services.GetRequiredService<ModelCatalogue>());
    }
}
