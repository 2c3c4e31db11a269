using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Crescent.Silo.Identity;

/// <summary>Takes whoever comes, as a front end does that asks nobody.</summary>
internal sealed class AnyoneHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, KeyBook keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    /// <summary>Name of the scheme.</summary>
    public const string SchemeName = "anyone";

    // There is no key file: the only key that is known is that of the process.
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var caller = KeyHandler.TokenOf(Request) is { } key && keys.Find(key) is { } own ? own : Caller.Anyone;
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(caller.Principal, Scheme.Name)));
    }
}
