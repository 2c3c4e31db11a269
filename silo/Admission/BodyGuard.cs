using System.Text.Json;
using Crescent.Grains.Streams;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Admission;

/// <summary>
/// Before an endpoint that takes a body: receives and parses it within the <see cref="WorkBudget"/>. A place among the requests in flight is taken by who
/// stands after this one, when the body is there: who sends slowly holds none.
/// </summary>
internal sealed class BodyGuard(WorkBudget budget, HttpOptions options, TextWork texts, TimeProvider time) : IEndpointFilter
{
    /// <summary>Time that a body may take to come.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Time for which a long body has all its room before it is there.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private const int FirstBytes = 1 << 12;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var began = time.GetTimestamp();
        RequestBody.CheckType(http.Request);
        using var work = budget.Begin();
        http.Features.Set(work);
        http.Features.Set(new ReceivedBody(await Receive(http, work), began));
        return await next(context);
    }

    private async Task<JsonDocument> Receive(HttpContext http, WorkLease work)
    {
        using var late = new CancellationTokenSource(Patience, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, late.Token);
        try
        {
            var body = await Read(http.Request, work, stop.Token);
            return await texts.Do(body.Length, () => RequestBody.Parse(body), http.RequestAborted);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            throw new ApiException(
                StatusCodes.Status408RequestTimeout, ApiException.InvalidRequest, $"The body was not complete after {Patience.TotalSeconds:0} s.", code: "request_timeout");
        }
    }

    /// <summary>
    /// The bytes of a body. Its part of the budget is reserved before the first is read, where its length is said: what will not fit costs nothing. What has
    /// not come after <see cref="Grace"/> has no more than it holds, which is never more than twice what has come.
    /// </summary>
    private async Task<ReadOnlyMemory<byte>> Read(HttpRequest request, WorkLease work, CancellationToken stop)
    {
        if (request.ContentLength > options.MaxBodyBytes)
        {
            throw ApiException.TooLarge($"The body has {request.ContentLength} bytes; this server takes up to {options.MaxBodyBytes}.");
        }

        work.Reserve(request.ContentLength ?? FirstBytes);
        await using var slow = request.ContentLength > WorkBudget.ShortBytes
            ? time.CreateTimer(static lease => ((WorkLease)lease!).Narrow(), work, Grace, Timeout.InfiniteTimeSpan)
            : null;
        try
        {
            return await Read(request, work, request.ContentLength ?? long.MaxValue, stop);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw ApiException.TooLarge($"The body is longer than the {options.MaxBodyBytes} bytes that this server takes.");
        }
        catch (Exception e) when (e is IOException and not BadHttpRequestException)
        {
            // A chunk of no size that there is, or a connection that was reset.
            throw ApiException.Unreadable();
        }
    }

    private static async Task<ReadOnlyMemory<byte>> Read(HttpRequest request, WorkLease work, long length, CancellationToken stop)
    {
        var buffer = new byte[(int)Math.Min(length, FirstBytes)];
        work.Hold(buffer.Length);
        var filled = 0;
        while (true)
        {
            var read = await request.Body.ReadAsync(buffer.AsMemory(filled), stop);
            filled += read;
            if (read == 0 && (filled < buffer.Length || filled >= length))
            {
                return buffer.AsMemory(0, filled);
            }

            if (filled == buffer.Length && filled < length)
            {
                // What has its room reserved may be copied less often.
                var times = length == long.MaxValue || work.IsNarrow ? 2L : 4L;
                var more = (int)Math.Min(Math.Min(length, times * Math.Max(filled, FirstBytes)), Array.MaxLength);
                work.Hold(more);
                var larger = GC.AllocateUninitializedArray<byte>(more);
                buffer.CopyTo(larger, 0);
                buffer = larger;
            }
        }
    }
}
