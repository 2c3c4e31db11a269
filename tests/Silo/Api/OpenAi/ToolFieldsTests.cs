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
    }

    [Fact]
    public async Task Strict_tools_that_are_too_many_together_are_refused_by_name()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("a"), grammars: Limits);
        using var answer = await front.Post("/v1/chat/completions", Body(strict: true, Large, Large, Large));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.StartsWith("'tools', all together: ", (string?)(await TestFront.Json(answer))["error"]!["message"], StringComparison.Ordinal);
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
