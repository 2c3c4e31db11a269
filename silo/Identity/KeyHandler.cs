using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Crescent.Silo.Identity;

/// <summary>Knows callers by the key in <c>Authorization: Bearer KEY</c>, or in <c>x-api-key</c>.</summary>
internal sealed class KeyHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, KeyBook keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    /// <summary>Name of the scheme.</summary>
    public const string SchemeName = "keys";

    /// <summary>What stands before a key.</summary>
    public const string Bearer = "Bearer";

    /// <summary>Where Anthropic's clients have it.</summary>
    public const string KeyHeader = "x-api-key";

    /// <summary>The key or token of a request; null where it has none.</summary>
    public static string? TokenOf(HttpRequest request)
    {
        var header = request.Headers[HeaderNames.Authorization].ToString();
        return header.StartsWith($"{Bearer} ", StringComparison.OrdinalIgnoreCase) ? header[(Bearer.Length + 1)..].Trim()
            : request.Headers[KeyHeader].ToString() is { Length: > 0 } key ? key.Trim()
            : null;
    }

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
        TokenOf(Request) is not { } key ? AuthenticateResult.NoResult()
        : keys.Find(key) is not { } caller ? AuthenticateResult.Fail("There is no such key.")
        : AuthenticateResult.Success(new AuthenticationTicket(caller.Principal, Scheme.Name)));

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        // RFC 6750: who comes without a key is told of no error.
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = TokenOf(Request) is null
            ? $"{Bearer} realm=\"crescent\""
            : $"{Bearer} realm=\"crescent\", error=\"invalid_token\"";
        return Task.CompletedTask;
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status403Forbidden;
        Response.Headers.WWWAuthenticate = $"{Bearer} realm=\"crescent\", error=\"insufficient_scope\"";
        return Task.CompletedTask;
    }
}
