using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Crescent.Grains.Contracts.Identity;
using Crescent.Silo.Configuration;

namespace Crescent.Tests.Silo.Identity;

/// <summary>A front end with an address for those who run the cluster.</summary>
public sealed class OpsAddressTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private SiloFixture _silo = null!;
    private HttpClient _users = null!;
    private HttpClient _ops = null!;
    private string _key = "";
    private string _admin = "";

    public async ValueTask InitializeAsync()
    {
        var store = new KeyStore(_folder.At("keys.json"));
        _key = await TestKeys.Add(store, "alice", "acme", KeyRole.User);
        _admin = await TestKeys.Add(store, "root", "ops", KeyRole.Admin);
        _silo = new SiloFixture { With = [new(Settings.Auth.Key, "keys"), new(Settings.AuthKeys.Key, store.Path), new(Settings.OpsUrls.Key, "http://127.0.0.1:0")] };
        _users = new HttpClient { BaseAddress = new Uri(await _silo.Url()) };
        _ops = new HttpClient { BaseAddress = new Uri((await _silo.AllUrls())[1]) };
    }

    [Fact]
    public async Task Each_address_has_its_own()
    {
        foreach (var path in new[] { "/metrics", "/v1/factory", "/v1/factory/power" })
        {
            Assert.Equal(HttpStatusCode.OK, await Get(_ops, path, null));
            Assert.Equal(HttpStatusCode.NotFound, await Get(_users, path, _key));
            Assert.Equal(HttpStatusCode.Unauthorized, await Get(_users, path, null));
        }

        foreach (var path in new[] { "/health", "/health/live", "/health/ready", "/version" })
        {
            Assert.Equal(HttpStatusCode.OK, await Get(_ops, path, null));
            Assert.Equal(HttpStatusCode.OK, await Get(_users, path, null));
        }

        Assert.Equal(HttpStatusCode.OK, await Get(_users, "/v1/models", _key));
        Assert.Equal(HttpStatusCode.NotFound, await Get(_ops, "/v1/models", _key));
    }

    [Fact]
    public async Task What_changes_something_needs_an_admin_there_too()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await Drain(_ops, null));
        Assert.Equal(HttpStatusCode.Forbidden, await Drain(_ops, _key));
        Assert.Equal(HttpStatusCode.NotFound, await Drain(_ops, _admin));

        // Whatever a request says of where it goes: the port decides.
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Host = _ops.BaseAddress!.Authority;
        using var answer = await _users.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public void They_are_told_apart_by_their_ports()
    {
        var problem = Assert.Single(new HttpOptions { Urls = "http://127.0.0.1:80", OpsUrls = "http://127.0.0.2:80" }.Problems());
        Assert.Contains("--ops-urls", problem, StringComparison.Ordinal);
        Assert.Empty(new HttpOptions { Urls = "http://127.0.0.1:80", OpsUrls = "http://127.0.0.1:81" }.Problems());
        Assert.Contains("https", Assert.Single(new HttpOptions { OpsUrls = "https://127.0.0.1:81" }.Problems()), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        _users.Dispose();
        _ops.Dispose();
        await _silo.DisposeAsync();
        _folder.Dispose();
    }

    private static Task<HttpStatusCode> Get(HttpClient http, string path, string? key) => Send(http, new HttpRequestMessage(HttpMethod.Get, path), key);

    private static Task<HttpStatusCode> Drain(HttpClient http, string? key) => Send(
        http,
        new HttpRequestMessage(HttpMethod.Post, "/v1/factory/devices/nowhere/cpu/drain") { Content = new StringContent("", Encoding.UTF8, "application/json") },
        key);

    private static async Task<HttpStatusCode> Send(HttpClient http, HttpRequestMessage request, string? key)
    {
        using (request)
        {
            request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
            using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
    }
}
