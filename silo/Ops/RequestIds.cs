using System.Buffers;

namespace Crescent.Silo.Ops;

/// <summary>Gives every request an id, its caller's where that sends one: in the answer, in each line that is logged for it, and in its trace.</summary>
internal sealed class RequestIds(RequestDelegate next, ILogger<RequestIds> logger)
{
    /// <summary>Of requests and answers.</summary>
    public const string Header = "X-Request-ID";

    /// <summary>The same by Anthropic's name, in answers to its dialect.</summary>
    public const string MessageHeader = "request-id";

    /// <summary>Longest id of a caller, in characters.</summary>
    public const int MaxLength = 128;

    private static readonly Func<ILogger, string, IDisposable?> Scope = LoggerMessage.DefineScope<string>("request {Request}");
    private static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/+=@");

    public async Task InvokeAsync(HttpContext http)
    {
        var sent = http.Request.Headers[Header];
        var id = sent.Count == 1 && IsWellFormed(sent[0]) ? sent[0]! : $"req_{Guid.NewGuid():N}";

        http.TraceIdentifier = id;
        http.Response.Headers[Header] = id;
        if (http.Request.Path.StartsWithSegments("/v1/messages", StringComparison.OrdinalIgnoreCase))
        {
            http.Response.Headers[MessageHeader] = id;
        }

        using var scope = Scope(logger, id);
        await next(http);
    }

    /// <summary>Whether it can stand in a header and in a log as it is.</summary>
    internal static bool IsWellFormed(string? id) => id is { Length: > 0 and <= MaxLength } && !id.AsSpan().ContainsAnyExcept(Allowed);
}
