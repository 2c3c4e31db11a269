using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>Schemas as clients send them, on the embedded model: what is written is valid by them.</summary>
public sealed class ToolSchemaTests(SiloFixture silo)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("required", false)]
    [InlineData("required", true)]
    [InlineData("auto", true)]
    public async Task References_in_a_tools_schema_go_to_its_own_definitions(string choice, bool isStrict)
    {
        var request = Read("tool-with-definitions.json");
        request["tool_choice"] = choice;
        Function(request)["strict"] = isStrict;
        var answer = await Post(request);
        if (choice == "required")
        {
            var leg = Arguments(answer)["legs"]!.AsArray()[0]!;
            Assert.Contains((string?)leg["to"], new[] { "Turin", "Genoa" });
            Assert.InRange((int)leg["nights"]!, 1, 9);
        }

        Assert.Null(answer["crescent"]);
    }

    [Fact]
    public async Task A_tool_may_take_itself_as_a_part()
    {
        var request = Read("tool-with-definitions.json");
        Function(request)["parameters"] = JsonNode.Parse("""{"type":"object","properties":{"nights":{"type":"integer","minimum":1,"maximum":9},"then":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"required":["nights","then"],"additionalProperties":false}""");
        for (JsonNode? at = Arguments(await Post(request)); at is not null; at = at["then"])
        {
            Assert.Equal(2, at.AsObject().Count);
            Assert.InRange((int)at["nights"]!, 1, 9);
        }
    }

    [Fact]
    public async Task An_annotation_changes_nothing()
    {
        for (var seed = 0; seed < 4; seed++)
        {
            var request = Read("tool-with-annotation.json");
            request["seed"] = seed;
            var answer = await Post(request);
            Assert.Contains((string?)Arguments(answer)["to"], new[] { "Turin", "Genoa" });
            Assert.InRange((int)Arguments(answer)["nights"]!, 1, 9);
            Assert.Null(answer["crescent"]);
        }
    }

    [Fact]
    public async Task What_cannot_be_enforced_is_told_and_the_rest_is_enforced()
    {
        var request = Read("tool-with-annotation.json");
        var nights = Function(request)["parameters"]!["properties"]!["nights"]!;
        nights["not"] = JsonNode.Parse("""{"multipleOf":4}""");
        var answer = await Post(request);
        Assert.InRange((int)Arguments(answer)["nights"]!, 1, 9);
        Assert.Equal(["tools[0].function.parameters#/properties/nights/not"], answer["crescent"]!["unenforced"]!.AsArray().Select(place => (string)place!));

        request["stream"] = true;
        request["stream_options"] = new JsonObject { ["include_usage"] = true };
        using var events = await Send(request);
        var told = (await events.Content.ReadAsStringAsync(Stop)).Split('\n').Where(line => line.Contains("\"unenforced\"", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, told.Count);
        Assert.Contains("\"finish_reason\":\"tool_calls\"", told[0], StringComparison.Ordinal);
        Assert.Contains("\"usage\":{", told[1], StringComparison.Ordinal);

        request["stream"] = false;
        request.Remove("stream_options");
        Function(request)["strict"] = true;
        using var refused = await Send(request);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var error = (await refused.Content.ReadFromJsonAsync<JsonNode>(Stop))!["error"]!;
        Assert.Equal("tools[0].function.parameters", (string?)error["param"]);
        Assert.Contains("#/properties/nights/not: cannot be enforced", (string?)error["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bounds_of_numbers_hold()
    {
        var content = JsonNode.Parse((string)(await Post(Read("number-bounds.json")))["choices"]![0]!["message"]!["content"]!)!;
        Assert.True((decimal)content["cost"]! > 0);
        Assert.InRange((decimal)content["rebate"]!, 0, 0.5m);
        Assert.Equal(0, (long)content["seats"]! % 5);
    }

    [Fact]
    public async Task An_answer_is_a_call_or_what_its_own_schema_says()
    {
        var request = Read("tool-with-definitions.json");
        request["tool_choice"] = "auto";
        request["response_format"] = Read("number-bounds.json")["response_format"]!.DeepClone();
        var message = (await Post(request))["choices"]![0]!["message"]!;
        Assert.True(message["tool_calls"] is not null || JsonNode.Parse((string)message["content"]!)!["seats"] is not null);
    }

    [Fact]
    public async Task No_second_call_comes_where_none_may_run_beside_another()
    {
        // With these seeds the model calls twice when it may.
        const int Seeds = 16;
        var many = await Task.WhenAll(Enumerable.Range(0, Seeds).Select(seed => Calls(seed, parallel: true)));
        var single = await Task.WhenAll(Enumerable.Range(0, Seeds).Select(seed => Calls(seed, parallel: false)));
        Assert.All(single, static count => Assert.InRange(count, 0, 1));
        Assert.Contains(many, static count => count > 1);

        async Task<int> Calls(int seed, bool parallel)
        {
            var request = Read("one-call-at-most.json");
            request["seed"] = seed;
            request["parallel_tool_calls"] = parallel;
            return (await Post(request))["choices"]![0]!["message"]!["tool_calls"]?.AsArray().Count ?? 0;
        }
    }

    private static JsonObject Read(string name) => JsonNode.Parse(File.ReadAllText(TestFiles.Project("tests", "data", "requests", name)))!.AsObject();

    private static JsonObject Function(JsonObject request) => request["tools"]![0]!["function"]!.AsObject();

    private static JsonNode Arguments(JsonNode answer) =>
        JsonNode.Parse((string)answer["choices"]![0]!["message"]!["tool_calls"]![0]!["function"]!["arguments"]!)!;

    private async Task<JsonNode> Post(JsonObject request)
    {
        using var answer = await Send(request);
        var text = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    private async Task<HttpResponseMessage> Send(JsonObject request)
    {
        using var http = new HttpClient();
        return await http.PostAsync(await silo.Url() + "/v1/chat/completions", new StringContent(request.ToJsonString(), Encoding.UTF8, "application/json"), Stop);
    }
}
