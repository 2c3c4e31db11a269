using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Crescent.Silo.Configuration;
using Crescent.Tests.Silo.Api;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Crescent.Tests.Silo.Identity;

public sealed class JwtTests : IDisposable
{
    private const string Issuer = "https://issuer.example";
    private const string Audience = "crescent";

    private readonly TemporaryFolder _folder = new();
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);

    [Fact]
    public async Task A_signed_token_names_tenant_and_role()
    {
        var generation = ScriptedGeneration.Of("fine");
        await using var front = await Start(generation, Secret());
        Assert.Equal(HttpStatusCode.OK, await Complete(front, Token(Symmetric)));
        Assert.Equal("acme", generation.Calls.Single().Tenant);
        Assert.Equal(HttpStatusCode.Forbidden, await Drain(front, Token(Symmetric)));

        // There is no factory behind it: what matters is that the way is open.
        Assert.NotInRange((int)await Drain(front, Token(Symmetric, role: "admin")), 400, 499);
        Assert.Equal(HttpStatusCode.Forbidden, await Complete(front, Token(Symmetric, role: "guest")));
    }

    [Fact]
    public async Task A_token_that_is_not_for_here_opens_nothing()
    {
        await using var front = await Start(ScriptedGeneration.Of("fine"), Secret());
        foreach (var token in new[]
        {
            Token(new SigningCredentials(new SymmetricSecurityKey(RandomNumberGenerator.GetBytes(32)), "HS256")),
            Token(Symmetric, issuer: "https://other.example"),
            Token(Symmetric, audience: "other"),
            Token(Symmetric, tenant: null),
            Token(Symmetric, tenant: "a/b"),
            Token(Symmetric, tenant: "warm-up"),
            Token(Symmetric, expires: DateTime.UtcNow.AddHours(-1)),
            Unsigned(),
            "",
            "a.b.c",
        })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await Complete(front, token));
        }
    }

    [Fact]
    public async Task A_public_key_is_no_secret()
    {
        var pem = _rsa.ExportSubjectPublicKeyInfoPem();
        var settings = Settings();
        settings.PublicKeyFile = _folder.Write("public.pem", Encoding.UTF8.GetBytes(pem));
        await using var front = await Start(ScriptedGeneration.Of("fine"), settings);
        Assert.Equal(HttpStatusCode.OK, await Complete(front, Token(new SigningCredentials(new RsaSecurityKey(_rsa), "RS256"))));
        Assert.Equal(
            HttpStatusCode.Unauthorized, await Complete(front, Token(new SigningCredentials(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(pem)), "HS256"))));
    }

    [Fact]
    public void What_is_missing_in_the_settings_is_named()
    {
        var problems = string.Join('\n', new AuthOptions { Mode = AuthMode.Jwt, Jwt = new JwtSettings { Secret = "short", RoleClaim = "" } }.Problems());
        foreach (var said in new[] { "Secret takes the base64", "Audience is not set", "Issuer is not set", "RoleClaim is empty" })
        {
            Assert.Contains(said, problems, StringComparison.Ordinal);
        }

        Assert.Contains("needs one of", string.Join('\n', new AuthOptions { Mode = AuthMode.Jwt }.Problems()), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _rsa.Dispose();
        _folder.Dispose();
    }

    private SigningCredentials Symmetric => new(new SymmetricSecurityKey(_secret), "HS256");

    private static JwtSettings Settings() => new() { Issuer = Issuer, Audience = Audience };

    private JwtSettings Secret()
    {
        var settings = Settings();
        settings.Secret = Convert.ToBase64String(_secret);
        return settings;
    }

    private static Task<TestFront> Start(ScriptedGeneration generation, JwtSettings settings) =>
        TestFront.Start(generation, auth: new AuthOptions { Mode = AuthMode.Jwt, Jwt = settings });

    private static string Token(
        SigningCredentials signing, string role = "user", string? tenant = "acme", string issuer = Issuer, string audience = Audience, DateTime? expires = null)
    {
        var claims = new Dictionary<string, object> { ["sub"] = "alice", ["role"] = role };
        if (tenant is not null)
        {
            claims["tenant"] = tenant;
        }

        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            NotBefore = DateTime.UtcNow.AddHours(-2),
            Expires = expires ?? DateTime.UtcNow.AddHours(1),
            Claims = claims,
            SigningCredentials = signing,
        });
    }

    private static string Unsigned()
    {
        var head = Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""");
        var body = new JsonObject { ["sub"] = "a", ["role"] = "admin", ["tenant"] = "acme", ["iss"] = Issuer, ["aud"] = Audience, ["exp"] = 4_000_000_000 };
        return $"{head}.{Base64UrlEncoder.Encode(body.ToJsonString())}.";
    }

    private static async Task<HttpStatusCode> Complete(TestFront front, string token) => await Post(front, "/v1/completions", """{"prompt":"Hello"}""", token);

    private static async Task<HttpStatusCode> Drain(TestFront front, string token) => await Post(front, "/v1/factory/devices/a/b/drain", "{}", token);

    private static async Task<HttpStatusCode> Post(TestFront front, string path, string body, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await front.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
