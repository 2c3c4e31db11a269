using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Crescent.Tests.Silo.Api.Factory;

public sealed class DecisionTests(SiloFixture silo)
{
    [Fact]
    public async Task The_id_of_an_answer_leads_to_the_decision_about_it()
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var reply = await http.PostAsJsonAsync(
            "/v1/completions", new { model = "crescent-tiny", prompt = "Tom has 3", max_tokens = 2 }, TestContext.Current.CancellationToken);
        var id = (string)(await TestFront.Json(reply))["id"]!;
        using var found = await http.GetAsync($"/v1/factory/decisions/{id}", TestContext.Current.CancellationToken);
        var decision = (await TestFront.Json(found))["decisions"]!.AsArray().Single()!;
        Assert.Equal(id, (string)decision["request_id"]!);
        Assert.Equal("power-aware", (string)decision["policy"]!);
        Assert.Equal((string)decision["chosen"]!, (string)decision["taken"]!);
        var candidate = decision["candidates"]!.AsArray().Single()!;
        Assert.Equal((string)decision["chosen"]!, (string)candidate["device"]!);
        Assert.Equal("Open", (string)candidate["gate"]!);
        Assert.Equal(6, candidate["terms"]!.AsArray().Count);
        Assert.True((double)candidate["ttft_seconds"]! > 0);
        Assert.True((double)candidate["joules"]! > 0);
    }

    [Fact]
    public async Task An_id_that_nobody_remembers_is_not_found_and_says_what_is_kept()
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var reply = await http.GetAsync("/v1/factory/decisions/chatcmpl-none", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, reply.StatusCode);
        JsonNode error = (await TestFront.Json(reply))["error"]!;
        Assert.Equal("decision_not_found", (string)error["code"]!);
        Assert.Contains("'chatcmpl-none'", (string)error["message"]!, StringComparison.Ordinal);
        Assert.Contains("4096", (string)error["message"]!, StringComparison.Ordinal);
    }
}
