using System.Security.Claims;

namespace Crescent.Silo.Identity;

/// <summary>A <see cref="Identity.Caller"/> in ASP.NET Core's words.</summary>
internal sealed class CallerIdentity(Caller caller) : ClaimsIdentity(nameof(Crescent))
{
    /// <summary>Who it is.</summary>
    public Caller Caller { get; } = caller;

    public override string? Name => Caller.Name;
}
