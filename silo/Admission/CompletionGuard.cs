namespace Crescent.Silo.Admission;

/// <summary>Around every completion: lets it through the gate, and tells of its end those who advise when others are to come back.</summary>
internal sealed class CompletionGuard(RequestGate gate, RetryAdvice advice) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        using var pass = gate.Enter();
        var answer = await next(context);
        advice.Served();
        return answer;
    }
}
