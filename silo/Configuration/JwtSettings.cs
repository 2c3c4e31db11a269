namespace Crescent.Silo.Configuration;

/// <summary>Which tokens a front end takes, and what it reads in them. Section <c>Crescent:Auth:Jwt</c>.</summary>
public sealed class JwtSettings
{
    public const string Section = $"{AuthOptions.Section}:Jwt";
    public const int MinSecretBytes = 32;

    /// <summary>Issuer that publishes its keys (OpenID Connect discovery), such as <c>https://login.example.com/realms/factory</c>.</summary>
    public string? Authority { get; set; }

    /// <summary>Instead of an authority: a file with a public key (PEM: RSA or elliptic curve) that signs the tokens.</summary>
    public string? PublicKeyFile { get; set; }

    /// <summary>Instead of both: the secret that signs them (HMAC), base64 of at least <see cref="MinSecretBytes"/> bytes; best from the environment.</summary>
    public string? Secret { get; set; }

    /// <summary>Issuer that the tokens must name; null for the authority's own, which must be given without an authority.</summary>
    public string? Issuer { get; set; }

    /// <summary>Audience that they must name.</summary>
    public string? Audience { get; set; }

    /// <summary>Claim with the tenant.</summary>
    public string TenantClaim { get; set; } = "tenant";

    /// <summary>Claim with the role, which may be there several times.</summary>
    public string RoleClaim { get; set; } = "role";

    /// <summary>Role that may infer; empty: all whose token is valid may.</summary>
    public string UserRole { get; set; } = "user";

    /// <summary>Role that may do all.</summary>
    public string AdminRole { get; set; } = "admin";

    /// <summary>What is wrong.</summary>
    public IEnumerable<string> Problems()
    {
        if (new[] { Authority, PublicKeyFile, Secret }.Count(static s => !string.IsNullOrEmpty(s)) != 1)
        {
            yield return $"{Settings.Auth.Option} jwt needs one of {Section}:Authority, {Section}:PublicKeyFile and {Section}:Secret.";
        }

        if (!string.IsNullOrEmpty(Authority) && !Uri.IsWellFormedUriString(Authority, UriKind.Absolute))
        {
            yield return $"{Section}:Authority is '{Authority}'; it takes an address, such as https://login.example.com.";
        }

        if (!string.IsNullOrEmpty(Secret) && (!TryDecode(Secret, out var bytes) || bytes.Length < MinSecretBytes))
        {
            yield return $"{Section}:Secret takes the base64 of at least {MinSecretBytes} bytes, such as `openssl rand -base64 {MinSecretBytes}` writes.";
        }

        if (string.IsNullOrEmpty(Audience))
        {
            yield return $"{Section}:Audience is not set; tokens that were made for others would be taken.";
        }

        if (string.IsNullOrEmpty(Authority) && string.IsNullOrEmpty(Issuer))
        {
            yield return $"{Section}:Issuer is not set; without {Section}:Authority it says whose tokens are taken.";
        }

        foreach (var (name, value) in new[] { (nameof(TenantClaim), TenantClaim), (nameof(RoleClaim), RoleClaim), (nameof(AdminRole), AdminRole) })
        {
            if (value.Length == 0)
            {
                yield return $"{Section}:{name} is empty.";
            }
        }
    }

    /// <summary>The bytes of a base64 text.</summary>
    internal static bool TryDecode(string base64, out byte[] bytes)
    {
        bytes = new byte[base64.Length];
        var ok = Convert.TryFromBase64String(base64, bytes, out var written);
        bytes = bytes[..written];
        return ok;
    }
}
