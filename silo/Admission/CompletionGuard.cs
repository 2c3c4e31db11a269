using Crescent.Silo.Identity;

namespace Crescent.Silo.Admission;

/// <summary>
/// Around every completion: lets it through the quota of its tenant and through the gate, and tells of its end those who advise when others are to come back.
/// </summary>
internal sealed class CompletionGuard(RequestGate gate, TenantQuotas quotas, RetryAdvice advice) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var caller = Caller.Of(http);
        if (caller.IsKnown)
        {
            http.Response.OnStarting(() =>
            {
                quotas.Tell(caller, http.Response.Headers);
                return Task.CompletedTask;
            });
        }

        if (KeptRequest.Of(http) is not { IsJoined: true })
        {
            quotas.Begin(caller);
        }

        using var pass = gate.Enter();
        var answer = await next(context);
        advice.Served();
        return answer;
    }
}
