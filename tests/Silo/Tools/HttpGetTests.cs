using System.Net;
using System.Text;
using Crescent.Grains.Agents;
using Crescent.Silo.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Tests.Silo.Tools;

/// <summary>The tool http-get against a server of the test, and against names that lead where they should not.</summary>
public sealed class HttpGetTests : IAsyncLifetime
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication _app = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private int Port => new Uri(_app.Urls.First()).Port;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        _app = builder.Build();
        _app.UseRouting();
        _app.MapGet("/page", () => Results.Text("Hällo", "text/html", Encoding.UTF8));
        _app.MapGet("/json", () => Results.Text("{}", "application/problem+json"));
        _app.MapGet("/missing", () => Results.Text("Nothing here.", statusCode: 404));
        _app.MapGet("/picture", () => Results.Bytes([1, 2, 3], "image/png"));
        _app.MapGet("/long", async (HttpContext http) =>
        {
            http.Response.ContentType = "text/plain";
            for (var i = 0; i < 64; i++)
            {
                await http.Response.WriteAsync(new string('x', 1024));
                await http.Response.Body.FlushAsync();
            }
        });
        _app.MapGet("/slow", async (HttpContext http) =>
        {
            await http.Response.WriteAsync("x");
            await _over.Task;
        });
        _app.MapGet("/hop/{n}", (int n) => n == 0 ? Results.Text("there") : Results.Redirect($"/hop/{n - 1}"));
        _app.MapGet("/inside", () => Results.Redirect("http://inside.example/"));
        _app.MapGet("/elsewhere", () => Results.Redirect("http://other.example/"));
        await _app.StartAsync(Stop);
    }

    public async ValueTask DisposeAsync()
    {
        _over.TrySetResult();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("/page", "Hällo")]
    [InlineData("/json", "{}")]
    [InlineData("/hop/3", "there")]
    public async Task A_page_of_text_is_read(string path, string text) => Assert.Equal(text, await Get($"http://page.example:{Port}{path}"));

    [Theory]
    [InlineData("/hop/4", "more than 3 times")]
    [InlineData("/inside", "no address of the public Internet")]
    [InlineData("/elsewhere", "may not be read")]
    [InlineData("/picture", "image/png")]
    [InlineData("/long", "more than 20000 bytes")]
    [InlineData("/slow", "did not come within")]
    [InlineData("/missing", "HTTP 404: Nothing here.")]
    public async Task What_is_not_read_says_why(string path, string said) => Assert.Contains(said, await Fault($"http://page.example:{Port}{path}"), StringComparison.Ordinal);

    [Theory]
    [InlineData("ftp://page.example/", "'ftp'")]
    [InlineData("file:///etc/passwd", "'file'")]
    [InlineData("http://user@page.example/", "a user in it")]
    [InlineData("http://page.example:22/", "may not be read")]
    [InlineData("http://evil.example/", "may not be read")]
    [InlineData("http://page.example.evil.example/", "may not be read")]
    [InlineData("/page", "may not be read|'file'|whole URL")]
    public async Task A_page_that_is_not_allowed_is_not_asked_for(string url, string said)
    {
        var fault = await Fault(url);
        Assert.Contains(said.Split('|'), part => fault.Contains(part, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_name_that_leads_to_a_private_address_is_not_connected_to()
    {
        using var tool = new HttpGet(new HttpGetLimits { Hosts = [$"page.example:{Port}"] }, TimeProvider.System, Resolve);
        var fault = await Assert.ThrowsAsync<AgentToolException>(() => tool.Call($$"""{"url":"http://page.example:{{Port}}/page"}""", "k", Stop));
        Assert.Contains("no address of the public Internet", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.32.0.1", true)]
    [InlineData("192.168.1.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("100.100.100.200", false)]
    [InlineData("168.63.129.16", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("8.8.8.8", true)]
    [InlineData("::1", false)]
    [InlineData("::", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("ff02::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("::10.0.0.1", false)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("2002:a00:1::", false)]
    [InlineData("2001:0:a00:1::", false)]
    [InlineData("2001:4860:4860::8888", true)]
    public void Addresses_are_public_or_not(string address, bool isPublic) => Assert.Equal(isPublic, PublicAddress.Is(IPAddress.Parse(address)));

    [Theory]
    [InlineData("a.example", "https://a.example/x", true)]
    [InlineData("a.example", "https://A.EXAMPLE/x", true)]
    [InlineData("a.example", "https://b.a.example/", false)]
    [InlineData("*.a.example", "https://b.a.example/", true)]
    [InlineData("*.a.example", "https://a.example/", false)]
    [InlineData("*.a.example", "https://ba.example/", false)]
    [InlineData("a.example", "https://a.example:8443/", false)]
    [InlineData("a.example:8443", "https://a.example:8443/", true)]
    [InlineData("a.example:8443", "https://a.example/", false)]
    [InlineData("[2001:4860::1]", "http://[2001:4860::1]/", true)]
    public void A_host_is_allowed_by_its_name_and_port(string host, string url, bool isAllowed) =>
        Assert.Equal(isAllowed, new HttpGetLimits { Hosts = [host] }.Has(new Uri(url)));

    private static Task<IPAddress[]> Resolve(string host, CancellationToken cancellationToken) =>
        Task.FromResult<IPAddress[]>([IPAddress.Parse(host == "inside.example" ? "::ffff:192.168.0.1" : "127.0.0.1")]);

    private async Task<string> Get(string url)
    {
        using var tool = new HttpGet(
            new HttpGetLimits
            {
                Hosts = [$"page.example:{Port}", "inside.example"],
                AllowsLoopback = true,
                MaxBytes = 20_000,
                Time = TimeSpan.FromSeconds(url.EndsWith("/slow", StringComparison.Ordinal) ? 0.3 : 30),
            },
            TimeProvider.System,
            Resolve);
        return await tool.Call($$"""{"url":"{{url}}"}""", "k", Stop);
    }

    private async Task<string> Fault(string url) => (await Assert.ThrowsAsync<AgentToolException>(() => Get(url))).Message;
}
