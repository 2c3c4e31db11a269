using System.Net;
using System.Text;
using Crescent.Silo.Api;
using Crescent.Silo.Configuration;

namespace Crescent.Tests.Silo.Api;

/// <summary>What web pages can make a browser send.</summary>
public sealed class BrowserTests
{
    private const string Drain = "/v1/factory/devices/device-1/cpu/drain";

    [Theory]
    [InlineData("evil.example", 421)]
    [InlineData("127.0.0.1.evil.example", 421)]
    [InlineData("10.0.0.1", 421)]
    [InlineData("localhost", 200)]
    [InlineData("127.0.0.1:1234", 200)]
    [InlineData("[::1]", 200)]
    public async Task Only_the_names_that_it_listens_on_are_its_own(string host, int status)
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("fine"));
        using var answer = await Send(front, HttpMethod.Get, "/v1/models", ("Host", host));
        Assert.Equal(status, (int)answer.StatusCode);
        if (status != 200)
        {
            Assert.Contains("--allowed-hosts", (string)(await TestFront.Json(answer))["error"]!["message"]!, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("api.example.com;*.lab.example", "api.example.com", true)]
    [InlineData("api.example.com;*.lab.example", "a.b.LAB.example", true)]
    [InlineData("api.example.com;*.lab.example", "lab.example", false)]
    [InlineData("api.example.com;*.lab.example", "evillab.example", false)]
    [InlineData("*", "anything", true)]
    public void Names_can_be_added(string allowed, string host, bool taken) => Assert.Equal(taken, new HostNames(new HttpOptions { AllowedHosts = allowed }).Allow(host));

    [Fact]
    public void Who_listens_on_all_addresses_takes_those_of_this_machine()
    {
        var names = new HostNames(new HttpOptions { Urls = "http://0.0.0.0:8080" });
        Assert.True(names.Allow(Environment.MachineName));
        Assert.True(names.Allow("127.0.0.1"));
        Assert.False(names.Allow("evil.example"));
    }

    [Theory]
    [InlineData("text/plain", null, 415)]
    [InlineData(null, null, 415)]
    [InlineData("application/x-www-form-urlencoded", null, 415)]
    [InlineData("application/json", null, 500)]
    [InlineData(null, "X-Crescent-Request", 500)]
    [InlineData(null, "Authorization", 500)]
    public async Task What_any_page_could_send_drains_nothing(string? type, string? header, int status)
    {
        // No factory is behind this front: 500 is as far as a request comes that is let through.
        await using var front = await TestFront.Start(ScriptedGeneration.Of("fine"));
        foreach (var method in new[] { HttpMethod.Post, HttpMethod.Delete })
        {
            using var request = new HttpRequestMessage(method, Drain);
            request.Headers.Add("Origin", "http://evil.example");
            if (type is not null)
            {
                request.Content = new StringContent("", Encoding.UTF8, type);
            }

            if (header is not null)
            {
                request.Headers.Add(header, "x");
            }

            using var answer = await front.Http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(status, (int)answer.StatusCode);
        }
    }

    [Fact]
    public async Task A_page_that_is_named_may_ask_and_another_may_not()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("fine"), new HttpOptions { CorsOrigins = "http://app.example;https://b.example" });
        using var preflight = await Preflight(front, "http://app.example");
        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal("http://app.example", Header(preflight, "Access-Control-Allow-Origin"));
        Assert.Contains("POST", Header(preflight, "Access-Control-Allow-Methods"), StringComparison.Ordinal);
        Assert.Contains("authorization", Header(preflight, "Access-Control-Allow-Headers"), StringComparison.Ordinal);
        using var foreign = await Preflight(front, "http://evil.example");
        Assert.Equal("", Header(foreign, "Access-Control-Allow-Origin"));

        using var wrong = await Send(front, HttpMethod.Get, "/v1/models/none", ("Origin", "http://app.example"));
        Assert.Equal((404, "http://app.example"), ((int)wrong.StatusCode, Header(wrong, "Access-Control-Allow-Origin")));
        Assert.Contains("x-ratelimit-remaining-tokens", Header(wrong, "Access-Control-Expose-Headers"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_setting_no_page_may_ask()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("fine"));
        using var preflight = await Preflight(front, "http://app.example");
        Assert.Equal(("", HttpStatusCode.MethodNotAllowed), (Header(preflight, "Access-Control-Allow-Origin"), preflight.StatusCode));
    }

    private static Task<HttpResponseMessage> Preflight(TestFront front, string origin) => Send(
        front,
        HttpMethod.Options,
        "/v1/chat/completions",
        ("Origin", origin),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization,content-type"));

    private static async Task<HttpResponseMessage> Send(TestFront front, HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await front.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : "";
}
