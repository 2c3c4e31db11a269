using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Admission;

/// <summary>
/// Around every request that computes: gives it a deadline. The request's <see cref="HttpContext.RequestAborted"/>
/// then stands for all that may end it early: the client's leaving, the deadline, the end of the drain.
/// </summary>
internal sealed class RequestTime(RequestGate gate, HttpOptions options, TimeProvider time) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var left = http.RequestAborted;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(options.RequestSeconds), time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(left, deadline.Token, gate.Cut);
        http.RequestAborted = any.Token;
        try
        {
            return await next(context);
        }
        catch (OperationCanceledException) when (!left.IsCancellationRequested && any.IsCancellationRequested)
        {
            throw gate.Cut.IsCancellationRequested
                ? ApiException.Unavailable("The server stopped before the answer was complete.")
                : ApiException.TimedOut($"The answer was not complete after {options.RequestSeconds} s.");
        }
        finally
        {
            http.RequestAborted = left;
        }
    }
}
