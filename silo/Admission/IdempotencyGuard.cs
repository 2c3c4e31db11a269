using System.Globalization;
using Crescent.Grains.Kept;
using Crescent.Grains.Streams;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Identity;
using Microsoft.Extensions.Primitives;

namespace Crescent.Silo.Admission;

/// <summary>
/// Before a completion with the header <see cref="KeyHeader"/>: finds what was asked for with that key before, or sees to it that this request is the only one
/// that begins it. One without the header goes by.
/// </summary>
internal sealed class IdempotencyGuard(TextWork texts) : IEndpointFilter
{
    /// <summary>The caller's name for its request.</summary>
    public const string KeyHeader = "Idempotency-Key";

    /// <inheritdoc cref="EventStream.LastEventHeader"/>
    public const string LastEventHeader = EventStream.LastEventHeader;

    /// <summary>Of an answer that was begun by an earlier request.</summary>
    public const string ReplayedHeader = "Idempotent-Replayed";

    /// <summary>Parts the keys of callers whom nobody asks who they are.</summary>
    private const string TenantHeader = "X-Crescent-Tenant";

    private const int MaxLength = 255;

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        context.HttpContext.Request.Headers.TryGetValue(KeyHeader, out var keys) ? Keep(context, keys, next) : next(context);

    private async ValueTask<object?> Keep(EndpointFilterInvocationContext context, StringValues keys, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var key = ReadKey(keys);
        var after = ReadAfter(http.Request.Headers[LastEventHeader]);
        var body = http.Features.Get<ReceivedBody>()!;
        var hash = await texts.Do(body.Length, () => body.Hash(http.Request.Path), http.RequestAborted);
        var answers = http.RequestServices.GetRequiredService<IKeptAnswers>();
        var call = await answers.Claim(Tenant(http), key, hash, http.RequestAborted);
        var kept = new KeptRequest(call, after);
        try
        {
            Check(call, after);
            http.Features.Set(kept);
            if (kept.IsJoined)
            {
                http.Response.Headers[ReplayedHeader] = "true";
            }

            return await next(context);
        }
        finally
        {
            if (call.State == KeptState.Claimed && !kept.IsOpen)
            {
                await answers.Release(call);
            }
        }
    }

    private static void Check(KeptCall call, int after)
    {
        switch (call.State)
        {
            case KeptState.Other:
                throw new ApiException(
                    StatusCodes.Status422UnprocessableEntity,
                    ApiException.InvalidRequest,
                    $"'{KeyHeader}' was sent with another request before. Send the same body to the same path, or another key.",
                    KeyHeader,
                    "idempotency_key_reused");
            case KeptState.Full:
                throw ApiException.Overloaded($"As many answers with '{KeyHeader}' are under way as are kept. Come back later, or send it without.", TimeSpan.FromSeconds(5));
            case KeptState.Claimed when after > 0:
                throw new ApiException(
                    StatusCodes.Status410Gone,
                    ApiException.InvalidRequest,
                    $"Nothing is kept by this '{KeyHeader}' any more. Send the request without '{LastEventHeader}' to have a new answer.",
                    LastEventHeader,
                    "idempotency_key_expired");
        }
    }

    // What begins alike may be of different kinds: a name that is known, and one that anybody may say.
    internal static string Tenant(HttpContext http) => Caller.Of(http) is { IsKnown: true } caller ? $"known/{caller.Tenant}" : $"said/{http.Request.Headers[TenantHeader]}";

    private static string ReadKey(StringValues keys) => keys is [{ Length: >= 1 and <= MaxLength } key] && !key.AsSpan().ContainsAnyExceptInRange(' ', '~')
        ? key
        : throw ApiException.InvalidValue(KeyHeader, $"'{KeyHeader}' must be one value of 1 to {MaxLength} printable ASCII characters.");

    private static int ReadAfter(StringValues values) => values.Count == 0 ? 0
        : int.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw ApiException.InvalidValue(LastEventHeader, $"'{LastEventHeader}' must be the id of an event of the stream, a whole number from 0 to {int.MaxValue}, not '{values}'.");
}
