using System.Net;
using System.Text.Json.Nodes;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>Calls of tools over HTTP with models that write them in the ways of other families.</summary>
public sealed class ToolStyleTests
{
    private const string Path = "/v1/chat/completions";

    private const string Tools = """
        "tools":[{"type":"function","function":{"name":"add","parameters":{"type":"object","properties":{"a":{"type":"integer","minimum":0,"maximum":99},"b":{"enum":["x","y"]}},"required":["a","b"],"additionalProperties":false}}},
        {"type":"function","function":{"name":"look","parameters":{"type":"object","properties":{},"additionalProperties":false}}}]
        """;

    private const string Ask = """
        "messages":[{"role":"user","content":"What is 23 + 48?"}]
        """;

    [Theory]
    [InlineData(ToolStyleModel.Mistral)]
    [InlineData(ToolStyleModel.Llama)]
    public async Task A_call_that_must_be_made_is_made_in_the_models_way_and_comes_in_openais(string template)
    {
        using var folder = new TemporaryFolder();
        await using var silo = new SiloFixture { Model = ToolStyleModel.Write(folder.At("model.gguf"), template) };
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        var whole = await Post(http, $$$"""{{{{Ask}}},{{{Tools}}},"tool_choice":{"type":"function","function":{"name":"add"}},"parallel_tool_calls":false,"temperature":0,"max_tokens":80}""");
        var choice = JsonNode.Parse(whole)!["choices"]![0]!;
        Assert.Equal("tool_calls", (string)choice["finish_reason"]!);
        Assert.True(string.IsNullOrEmpty((string?)choice["message"]!["content"]), whole);
        var call = Assert.Single(choice["message"]!["tool_calls"]!.AsArray())!;
        Assert.Equal("add", (string)call["function"]!["name"]!);
        var arguments = JsonNode.Parse((string)call["function"]!["arguments"]!)!;
        Assert.InRange((int)arguments["a"]!, 0, 99);
        Assert.Contains((string)arguments["b"]!, (string[])["x", "y"]);

        // Any of them, in a stream.
        var events = await Post(http, $$$"""{{{{Ask}}},{{{Tools}}},"tool_choice":"required","parallel_tool_calls":false,"temperature":0,"max_tokens":80,"stream":true}""");
        var deltas = events.Split('\n').Where(static line => line.StartsWith("data: {", StringComparison.Ordinal)).Select(static line => JsonNode.Parse(line[6..])!["choices"]![0]!).ToList();
        Assert.Equal("tool_calls", (string)deltas[^1]["finish_reason"]!);
        var parts = deltas.SelectMany(static choice => choice["delta"]!["tool_calls"]?.AsArray() ?? []).Select(static part => part!["function"]!).ToList();
        Assert.Contains(string.Concat(parts.Select(static part => (string?)part["name"])), (string[])["add", "look"]);
        Assert.IsType<JsonObject>(JsonNode.Parse(string.Concat(parts.Select(static part => (string?)part["arguments"]))));
        Assert.All(deltas, static choice => Assert.True(string.IsNullOrEmpty((string?)choice["delta"]!["content"])));

        // What came of it goes back to the model.
        var back = $$$"""{"messages":[{"role":"user","content":"What is 23 + 48?"},{"role":"assistant","tool_calls":[{{{call.ToJsonString()}}}]},{"role":"tool","tool_call_id":"{{{(string)call["id"]!}}}","content":"71"}],{{{Tools}}},"max_tokens":4}""";
        Assert.Equal("assistant", (string)JsonNode.Parse(await Post(http, back))!["choices"]![0]!["message"]!["role"]!);
    }

    [Fact]
    public async Task Mistrals_list_of_calls_is_several_calls_and_held_by_their_schemas()
    {
        using var folder = new TemporaryFolder();
        var generation = ScriptedGeneration.Of("[TOOL_CALLS]", """[{"name": "add", "argu""", """ments": {"a": 1, "b": "x"}}, {"name": "look", "arguments": {}}]""");
        await using var front = await TestFront.Start(generation, model: ToolStyleModel.Write(folder.At("model.gguf"), ToolStyleModel.Mistral));
        using var answer = await front.Post(Path, $$$"""{{{{Ask}}},{{{Tools}}}}""");
        var message = (await TestFront.Json(answer))["choices"]![0]!["message"]!;
        Assert.Equal(
            ["add {\"a\": 1, \"b\": \"x\"}", "look {}"],
            message["tool_calls"]!.AsArray().Select(static call => $"{(string)call!["function"]!["name"]!} {(string)call["function"]!["arguments"]!}"));
        Assert.Equal("[TOOL_CALLS]", Assert.Single(generation.Calls).Sampling.Structure!.Trigger);
    }

    [Fact]
    public async Task A_call_of_llamas_that_may_be_made_is_read_and_said_not_to_be_held()
    {
        using var folder = new TemporaryFolder();
        var generation = ScriptedGeneration.Of("""{"name": "add", "para""", """meters": {"a": 1, "b": "x"}}""");
        await using var front = await TestFront.Start(generation, model: ToolStyleModel.Write(folder.At("model.gguf"), ToolStyleModel.Llama));
        using var answer = await front.Post(Path, $$$"""{{{{Ask}}},{{{Tools}}}}""");
        var body = await TestFront.Json(answer);
        var call = Assert.Single(body["choices"]![0]!["message"]!["tool_calls"]!.AsArray())!["function"]!;
        Assert.Equal(("add", "{\"a\": 1, \"b\": \"x\"}"), ((string)call["name"]!, (string)call["arguments"]!));
        Assert.Null(Assert.Single(generation.Calls).Sampling.Structure);
        Assert.Equal("tools[0].function.parameters", (string)body["crescent"]!["unenforced"]![0]!);
    }

    private static async Task<string> Post(HttpClient http, string body)
    {
        using var answer = await http.PostAsync(Path, new StringContent(body, System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        return text;
    }
}
