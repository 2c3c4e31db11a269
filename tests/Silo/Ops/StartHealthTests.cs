using System.Net;
using System.Net.Sockets;
using Crescent.Silo.Configuration;
using Crescent.Silo.Ops;
using Crescent.Silo.Stores;

namespace Crescent.Tests.Silo.Ops;

/// <summary>How a silo is before it has joined.</summary>
public sealed class StartHealthTests : IAsyncDisposable
{
    private readonly StoreState _store = new("Redis at nowhere");
    private readonly HttpClient _http;
    private readonly StartHealth _health;

    public StartHealthTests()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}";
        _http = new HttpClient { BaseAddress = new Uri(url) };
        _health = new StartHealth(new HttpOptions { OpsUrls = url }, _store);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _health.DisposeAsync();
    }

    [Fact]
    public async Task It_lives_and_is_neither_started_nor_ready()
    {
        await _health.Listen(Stop);
        Assert.Equal((HttpStatusCode.OK, "live"), await Get("/health/live"));
        foreach (var path in new[] { "/health", "/health/ready", "/health/startup", "/metrics" })
        {
            var (code, said) = await Get(path);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
            Assert.Contains("\"joining\"", said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Its_start_is_not_held_to_it_while_the_store_is_away()
    {
        await _health.Listen(Stop);
        _store.Heard("nobody answers");
        var (code, said) = await Get("/health/startup");
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Contains("nobody answers", said, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Get("/health/ready")).Code);
        _store.Heard(null);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Get("/health/startup")).Code);
    }

    [Fact]
    public async Task It_makes_room_once_the_silo_has_joined()
    {
        await _health.Listen(Stop);
        await _health.StartAsync(Stop);
        await Assert.ThrowsAsync<HttpRequestException>(() => Get("/health/live"));
        using var next = new TcpListener(IPAddress.Loopback, _http.BaseAddress!.Port);
        next.Start();
    }

    private async Task<(HttpStatusCode Code, string Said)> Get(string path)
    {
        using var answer = await _http.GetAsync(path, Stop);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }
}
