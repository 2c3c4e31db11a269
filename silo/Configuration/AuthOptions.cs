using System.Net;
using Crescent.Grains.Contracts.Identity;

namespace Crescent.Silo.Configuration;

/// <summary>Who may call a front end, and how much. Section <c>Crescent:Auth</c>.</summary>
public sealed class AuthOptions : IChecked
{
    public const string Section = $"{Settings.Section}:Auth";

    /// <summary>How callers are known.</summary>
    public AuthMode Mode { get; set; }

    /// <summary>The key file; null for the one in the home folder, or with <see cref="AuthMode.Jwt"/> for none.</summary>
    public string? Keys { get; set; }

    /// <summary>Ask nobody although others than this machine can reach the front end.</summary>
    public bool Insecure { get; set; }

    /// <summary>Which tokens are taken.</summary>
    public JwtSettings Jwt { get; set; } = new();

    /// <summary>Terms of tenants that the key file says nothing of, by name.</summary>
    public Dictionary<string, TenantTerms> Tenants { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Terms of each tenant that has none of its own.</summary>
    // Never TenantTerms.Unlimited, which all share: the binder writes into the object that it finds.
    public TenantTerms Terms { get; set; } = new();

    /// <summary>Where the key file is; null where none is used.</summary>
    public string? KeyPath => Mode switch
    {
        AuthMode.Keys => Keys ?? KeyStore.DefaultPath,
        AuthMode.Jwt => Keys,
        _ => null,
    };

    /// <summary>Options read from <paramref name="configuration"/> and checked.</summary>
    /// <exception cref="StartException">A setting is wrong.</exception>
    public static AuthOptions Read(IConfiguration configuration)
    {
        var options = Settings.Bind<AuthOptions>(configuration, Section);
        var problems = options.Problems().ToList();
        return problems.Count == 0 ? options : throw new StartException(string.Join(Environment.NewLine, problems));
    }

    public IEnumerable<string> Problems()
    {
        if (Keys is not null && Mode == AuthMode.None)
        {
            yield return $"{Settings.AuthKeys} goes with {Settings.Auth.Option} keys or jwt.";
        }

        foreach (var problem in Mode == AuthMode.Jwt ? Jwt.Problems() : [])
        {
            yield return problem;
        }

        foreach (var problem in Terms.Problems())
        {
            yield return $"{Section}:{nameof(Terms)}: {problem}.";
        }

        foreach (var (tenant, terms) in Tenants)
        {
            foreach (var problem in terms.Problems())
            {
                yield return $"{Section}:{nameof(Tenants)}:{tenant}: {problem}.";
            }
        }
    }

    /// <summary>Refuses to ask nobody where others than this machine can ask.</summary>
    /// <param name="setting">Names the addresses.</param>
    /// <param name="addresses">Where it is to listen.</param>
    /// <exception cref="StartException">They can, and nobody has said that it is meant.</exception>
    public void CheckExposure(Setting setting, IEnumerable<BindingAddress> addresses)
    {
        if (Mode == AuthMode.None && !Insecure && addresses.FirstOrDefault(static a => !IsLoopback(a.Host)) is { } open)
        {
            throw new StartException(
                $"{setting.Option} {open} can be reached from other machines, and it would ask nobody who they are. Make a key with `client key add NAME` and start "
                + $"with {Settings.Auth.Option} keys; or say {Settings.Insecure.Option} if whoever reaches it may do all.");
        }
    }

    /// <summary>Refuses to let the pages of all sites call where nobody is asked.</summary>
    /// <exception cref="StartException">They may, and nobody has said that it is meant.</exception>
    public void CheckOrigins(HttpOptions http)
    {
        if (Mode == AuthMode.None && !Insecure && http.Origins.Contains("*"))
        {
            throw new StartException(
                $"{Settings.CorsOrigins.Option} * lets every web page that anybody here opens use and drain this cluster. Name the pages, start with "
                + $"{Settings.Auth.Option} keys, or say {Settings.Insecure.Option}.");
        }
    }

    /// <summary>Whether only this machine can reach <paramref name="host"/>.</summary>
    internal static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
}
