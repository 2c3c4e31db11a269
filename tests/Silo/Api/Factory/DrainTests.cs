using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Crescent.Tests.Grains;

namespace Crescent.Tests.Silo.Api.Factory;

public sealed class DrainTests(SiloFixture silo)
{
    [Theory]
    [InlineData("nowhere/cpu", "nowhere/cpu")]
    [InlineData("a%20silo/sim%3ah100", "a silo/sim:h100")]
    [InlineData("silo/sim:h100%2F0", "silo/sim:h100/0")]
    public async Task A_device_that_is_not_there_cannot_be_drained_and_the_known_ones_are_named(string path, string name)
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var reply = await http.PostAsync($"/v1/factory/devices/{path}/drain", new StringContent("{}", Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, reply.StatusCode);
        var error = (await TestFront.Json(reply))["error"]!;
        Assert.Equal("device_not_found", (string)error["code"]!);
        Assert.Contains($"'{name}'", (string)error["message"]!, StringComparison.Ordinal);
        Assert.Contains("it has local/cpu", (string)error["message"]!, StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter", (string)error["message"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", """{"undo":true}""")]
    [InlineData("POST", "\"{}\"")]
    [InlineData("DELETE", """{"drain_seconds":5}""")]
    public async Task What_a_body_asks_for_is_refused_and_not_passed_over(string method, string body)
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var request = new HttpRequestMessage(new HttpMethod(method), "/v1/factory/devices/local/cpu/drain") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var reply = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, reply.StatusCode);
        Assert.Equal("invalid_body", (string?)(await TestFront.Json(reply))["error"]!["code"]);
        Assert.False(await IsOutOfService(http));
    }

    [Fact]
    public async Task A_drained_device_takes_no_calls_until_it_is_put_back()
    {
        // Not the silo that other tests use at the same time.
        await using var own = new SiloFixture();
        using var http = new HttpClient { BaseAddress = new Uri(await own.Url()) };
        Assert.Equal(HttpStatusCode.OK, (await Ask(http)).Status);
        Assert.Equal(HttpStatusCode.NoContent, await Drain(http, HttpMethod.Post));
        await FactoryCluster.UntilAsync(() => IsOutOfService(http), "the front end hears of the drain");
        var refused = await Ask(http);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.Status);
        Assert.Contains("drained: by an operator", (string)refused.Body["error"]!["message"]!, StringComparison.Ordinal);

        // Once more is no error, and neither is putting back what is in service.
        Assert.Equal(HttpStatusCode.NoContent, await Drain(http, HttpMethod.Post));
        Assert.Equal(HttpStatusCode.NoContent, await Drain(http, HttpMethod.Delete));
        Assert.Equal(HttpStatusCode.NoContent, await Drain(http, HttpMethod.Delete));
        await FactoryCluster.UntilAsync(async () => !await IsOutOfService(http), "the front end hears that the device is back");
        Assert.Equal(HttpStatusCode.OK, (await Ask(http)).Status);
    }

    private static async Task<HttpStatusCode> Drain(HttpClient http, HttpMethod method)
    {
        using var request = new HttpRequestMessage(method, "/v1/factory/devices/local/cpu/drain");
        request.Headers.Add("X-Crescent-Request", "1");
        using var reply = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return reply.StatusCode;
    }

    private static async Task<bool> IsOutOfService(HttpClient http)
    {
        using var reply = await http.GetAsync("/v1/factory", TestContext.Current.CancellationToken);
        return (bool)(await TestFront.Json(reply))["devices"]![0]!["out_of_service"]!;
    }

    private static async Task<(HttpStatusCode Status, JsonNode Body)> Ask(HttpClient http)
    {
        using var body = new StringContent("""{"prompt":"What is 23 + 48?","max_tokens":4}""", Encoding.UTF8, "application/json");
        using var reply = await http.PostAsync("/v1/completions", body, TestContext.Current.CancellationToken);
        return (reply.StatusCode, await TestFront.Json(reply));
    }
}
