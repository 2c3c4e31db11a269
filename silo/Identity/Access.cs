using Crescent.Grains.Contracts.Identity;
using Crescent.Silo.Configuration;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;

namespace Crescent.Silo.Identity;

/// <summary>Who may call what: what an endpoint says, and how it is seen to. Without a word an endpoint is open to all that may infer.</summary>
internal static class Access
{
    private const string Admins = "admins";
    private const string Readers = "readers";
    private const string Chosen = "chosen";

    /// <summary>Adds what knows callers, as <paramref name="options"/> say.</summary>
    /// <exception cref="StartException">A key cannot be read.</exception>
    public static void AddIdentity(this IServiceCollection services, AuthOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(ProcessKey.OfEnvironment());
        services.AddSingleton<KeyBook>();
        services.AddSingleton<OpsAddress>();
        services.AddHostedService<KeyFileWatch>();
        AddSchemes(services, options);
        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(Policy(KeyRole.User))
            .AddPolicy(Admins, Policy(KeyRole.Admin))
            .AddPolicy(Readers, static policy => policy.RequireAssertion(static context =>
                May(context, KeyRole.User) || (context.Resource is HttpContext http && http.RequestServices.GetRequiredService<OpsAddress>().Has(http))));
    }

    /// <summary>For admins alone.</summary>
    public static TBuilder ForAdmins<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder => endpoint.RequireAuthorization(Admins);

    /// <summary>For all who may infer, and for whoever comes by the ops address.</summary>
    public static TBuilder ForReaders<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder => endpoint.RequireAuthorization(Readers);

    /// <summary>Which address an endpoint is on.</summary>
    public static TBuilder On<TBuilder>(this TBuilder endpoint, ServedOn on) where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new ServedOnMetadata(on));

    /// <summary>For anyone, known or not.</summary>
    public static TBuilder ForAnyone<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder => endpoint.AllowAnonymous();

    private static AuthorizationPolicy Policy(KeyRole role) => new AuthorizationPolicyBuilder()
        .RequireAuthenticatedUser()
        .RequireAssertion(context => May(context, role))
        .Build();

    private static bool May(AuthorizationHandlerContext context, KeyRole role) => context.User.Identity is CallerIdentity { Caller: var caller } && caller.May(role);

    private static void AddSchemes(IServiceCollection services, AuthOptions options)
    {
        switch (options.Mode)
        {
            case AuthMode.None:
                services.AddAuthentication(AnyoneHandler.SchemeName).AddScheme<AuthenticationSchemeOptions, AnyoneHandler>(AnyoneHandler.SchemeName, null);
                break;
            case AuthMode.Keys:
                services.AddAuthentication(KeyHandler.SchemeName).AddScheme<AuthenticationSchemeOptions, KeyHandler>(KeyHandler.SchemeName, null);
                break;
            default:
                // A key is told from a token by how it begins.
                services.AddAuthentication(Chosen)
                    .AddPolicyScheme(Chosen, null, scheme => scheme.ForwardDefaultSelector = static http =>
                        KeyHandler.TokenOf(http.Request)?.StartsWith(ApiKey.Prefix, StringComparison.Ordinal) == true
                            ? KeyHandler.SchemeName
                            : JwtBearerDefaults.AuthenticationScheme)
                    .AddScheme<AuthenticationSchemeOptions, KeyHandler>(KeyHandler.SchemeName, null)
                    .AddJwtBearer(jwt => JwtCallers.Configure(jwt, options.Jwt));
                break;
        }
    }
}
