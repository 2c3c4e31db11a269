using System.Net;

namespace Crescent.Tests.Silo.Http;

public sealed class DrainTests(SiloFixture silo)
{
    [Fact]
    public async Task A_device_that_is_not_there_cannot_be_drained_and_the_known_ones_are_named()
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var reply = await http.PostAsync("/v1/factory/devices/nowhere/cpu/drain", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, reply.StatusCode);
        var error = (await TestFront.Json(reply))["error"]!;
        Assert.Equal("device_not_found", (string)error["code"]!);
        Assert.Contains("'nowhere/cpu'", (string)error["message"]!, StringComparison.Ordinal);
        Assert.Contains("/cpu", (string)error["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_is_in_service_may_be_told_to_stay_so()
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var factory = await http.GetAsync("/v1/factory", TestContext.Current.CancellationToken);
        var device = (await TestFront.Json(factory))["devices"]!.AsArray()[0]!;
        using var reply = await http.DeleteAsync($"/v1/factory/devices/{(string)device["silo"]!}/{(string)device["device"]!}/drain", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, reply.StatusCode);
    }
}
