using System.Net;
using System.Text.Json.Nodes;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>Tools whose parameters cannot all be enforced.</summary>
public sealed class ToolFieldsTests
{
    // Within the limit of states by itself; three are beyond it.
    private const string Large = "[a-z]{900}";
    private const string Malformed = "(";

    private static readonly GrammarLimits Limits = new() { MaxStates = 2000, CompileTime = TimeSpan.FromSeconds(60) };

    [Theory]
    [InlineData(Large, Large, Large)]
    [InlineData(Malformed, Large)]
    [InlineData(Malformed, Large, Large, Large)]
    public async Task Tools_that_are_not_strict_fall_back_to_any_object(params string[] patterns)
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("a"), grammars: Limits);
        using var answer = await front.Post("/v1/chat/completions", Body(strict: false, patterns));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.NotEmpty((await TestFront.Json(answer))["crescent"]!["unenforced"]!.AsArray());
    }

    [Fact]
    public async Task Strict_tools_are_not_refused_for_being_many()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("a"), grammars: Limits);
        using var answer = await front.Post("/v1/chat/completions", Body(strict: true, Large, Large, Large));
        Assert.True(answer.StatusCode == HttpStatusCode.OK, (await TestFront.Json(answer)).ToJsonString());
        Assert.Null((await TestFront.Json(answer))["crescent"]);
    }

    [Theory]
    [InlineData("[a-z]{9000}", "needs more than")]
    [InlineData(Malformed, "the group is not closed")]
    public async Task A_strict_tool_that_cannot_be_enforced_is_refused_by_name(string pattern, string message)
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("a"), grammars: Limits);
        using var answer = await front.Post("/v1/chat/completions", Body(strict: true, "a", pattern));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = (await TestFront.Json(answer))["error"]!;
        Assert.Equal("tools[1].function.parameters", (string?)error["param"]);
        Assert.Contains(message, (string?)error["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<tool_call>\n{\"name\": \"f0\", \"arguments\": {\"x\": \"a", "stop")]
    [InlineData("<tool_call>\n{\"name\": \"f0\", \"arguments\": {\"x\": \"a\"}}\n</tool_call>", "tool_calls")]
    public async Task A_call_that_a_stop_string_has_cut_is_no_call_to_make(string text, string reason)
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of(text));
        using var whole = await front.Post("/v1/chat/completions", Body(strict: false, "a"));
        Assert.Equal(reason, (string?)(await TestFront.Json(whole))["choices"]![0]!["finish_reason"]);
        var body = JsonNode.Parse(Body(strict: false, "a"))!;
        body["stream"] = true;
        using var events = await front.Post("/v1/chat/completions", body.ToJsonString());
        Assert.Contains($"\"finish_reason\":\"{reason}\"", await events.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static string Body(bool strict, params string[] patterns) => new JsonObject
    {
        ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hi" }),
        ["max_tokens"] = 4,
        ["tools"] = new JsonArray([.. patterns.Select((pattern, i) => new JsonObject
        {
            ["type"] = "function",
            ["function"] = new JsonObject
            {
                ["name"] = $"f{i}",
                ["strict"] = strict,
                ["parameters"] = new JsonObject
                {
                    ["type"] = "object", ["properties"] = new JsonObject { ["x"] = new JsonObject { ["type"] = "string", ["pattern"] = pattern } },
                },
            },
        })]),
    }.ToJsonString();
}
