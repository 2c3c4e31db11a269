using System.Security.Claims;
using Crescent.Grains.Contracts.Identity;

namespace Crescent.Silo.Identity;

/// <summary>Who a request is from, as the front end knows it.</summary>
/// <param name="Name">Of the key, or the subject of the token; for logs.</param>
/// <param name="Tenant">Whose requests they are; empty where nobody is asked.</param>
/// <param name="Role">What it may do; null for nothing.</param>
internal sealed record Caller(string Name, string Tenant, KeyRole? Role)
{
    /// <summary>Whoever calls a front end that asks nobody.</summary>
    public static readonly Caller Anyone = new("", "", KeyRole.Admin);

    private ClaimsPrincipal? _principal;

    /// <summary>Whether it is known, and not just anyone.</summary>
    public bool IsKnown => Tenant.Length > 0;

    /// <summary>What ASP.NET Core carries with the request.</summary>
    public ClaimsPrincipal Principal => _principal ??= new ClaimsPrincipal(new CallerIdentity(this));

    /// <summary>Who <paramref name="http"/> is from.</summary>
    public static Caller Of(HttpContext http) => (http.User.Identity as CallerIdentity)?.Caller ?? Anyone;

    /// <summary>Whether it may do what <paramref name="role"/> opens.</summary>
    public bool May(KeyRole role) => Role >= role;
}
