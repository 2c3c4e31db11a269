using System.Security.Claims;
using System.Security.Cryptography;
using Crescent.Grains.Contracts.Identity;
using Crescent.Silo.Configuration;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace Crescent.Silo.Identity;

/// <summary>Sets up ASP.NET Core's handler of tokens, and makes callers of what it has found to be right.</summary>
internal static class JwtCallers
{
    // Each kind of key with the algorithms that are its own: a public key must not be taken for the secret of an HMAC.
    private static readonly string[] Asymmetric = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];
    private static readonly string[] Symmetric = ["HS256", "HS384", "HS512"];

    /// <summary>Configures the handler.</summary>
    /// <exception cref="StartException">The key cannot be read.</exception>
    public static void Configure(JwtBearerOptions options, JwtSettings settings)
    {
        options.MapInboundClaims = false;
        options.Audience = settings.Audience;
        options.Authority = string.IsNullOrEmpty(settings.Authority) ? null : settings.Authority;
        options.RequireHttpsMetadata = options.Authority is { } authority && !AuthOptions.IsLoopback(new Uri(authority).Host);
        options.TokenValidationParameters = new TokenValidationParameters
        {
            ValidAudience = settings.Audience,
            ValidIssuer = string.IsNullOrEmpty(settings.Issuer) ? null : settings.Issuer,
            ValidAlgorithms = string.IsNullOrEmpty(settings.Secret) ? Asymmetric : Symmetric,
            IssuerSigningKey = Key(settings),
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            NameClaimType = "sub",
        };
        options.Events = new JwtBearerEvents
        {
            OnTokenValidated = context =>
            {
                if (Caller(context.Principal!, settings) is { } caller)
                {
                    context.Principal = caller.Principal;
                }
                else
                {
                    context.Fail($"The token has no claim '{settings.TenantClaim}' with the name of a tenant: {KeyFile.NameTakes}.");
                }

                return Task.CompletedTask;
            },
        };
    }

    /// <summary>Who comes with these claims; null where they name no tenant.</summary>
    internal static Caller? Caller(ClaimsPrincipal token, JwtSettings settings)
    {
        var tenant = token.FindFirst(settings.TenantClaim)?.Value;
        if (tenant is null || !KeyFile.IsName(tenant) || tenant == ProcessKey.Tenant)
        {
            return null;
        }

        var roles = token.FindAll(settings.RoleClaim).Select(static claim => claim.Value).ToHashSet(StringComparer.Ordinal);
        KeyRole? role = roles.Contains(settings.AdminRole) ? KeyRole.Admin
            : settings.UserRole.Length == 0 || roles.Contains(settings.UserRole) ? KeyRole.User
            : null;
        return new Caller(token.FindFirst("sub")?.Value ?? "", tenant, role);
    }

    private static SecurityKey? Key(JwtSettings settings)
    {
        if (!string.IsNullOrEmpty(settings.Secret))
        {
            return new SymmetricSecurityKey(Convert.FromBase64String(settings.Secret));
        }

        return string.IsNullOrEmpty(settings.PublicKeyFile) ? null : ReadPublic(settings.PublicKeyFile);
    }

    private static AsymmetricSecurityKey ReadPublic(string path)
    {
        try
        {
            var pem = File.ReadAllText(path);
            try
            {
                var rsa = RSA.Create();
                rsa.ImportFromPem(pem);
                return new RsaSecurityKey(rsa);
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                var curve = ECDsa.Create();
                curve.ImportFromPem(pem);
                return new ECDsaSecurityKey(curve);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new StartException($"{JwtSettings.Section}:PublicKeyFile {path} holds no public key (PEM: RSA or elliptic curve): {e.Message}", e);
        }
    }
}
