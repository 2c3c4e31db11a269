using System.Net;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>Which program a call is of, by what its request and its headers say.</summary>
public sealed class ProgramTests
{
    [Theory]
    [InlineData("", null, null)]
    [InlineData(""","program":null""", null, null)]
    [InlineData(""","program":"a" """, "a", null)]
    [InlineData(""","program":{"id":"a","parent":"b"}""", "a", "b")]
    [InlineData(""","program":{"id":"a"},"session_id":"c" """, "a", null)]
    [InlineData(""","session_id":"c" """, "c", null)]
    [InlineData(""","program":{"parent":"b"}""", null, "b")]
    [InlineData("", "h", null, "X-Crescent-Program: h")]
    [InlineData("", "h", "p", "X-Crescent-Program: h", "X-Crescent-Parent-Program: p")]
    [InlineData("", "h", null, "X-Crescent-Program: h", "X-Crescent-Session: s")]
    [InlineData("", "s", null, "X-Crescent-Session: s", "x-session-id: o", "x-parent-session-id: op")]
    [InlineData(""","program":"a" """, "a", null, "X-Crescent-Program: h", "x-dynamo-session-id: d", "x-dynamo-parent-session-id: dp")]
    [InlineData(""","session_id":"c" """, "c", null, "X-Crescent-Program: h")]
    [InlineData("", "d", "dp", "x-dynamo-session-id: d", "x-dynamo-parent-session-id: dp")]
    [InlineData("", "agent", "talk", "x-claude-code-session-id: talk", "x-claude-code-agent-id: agent")]
    [InlineData("", "talk", null, "x-claude-code-session-id: talk")]
    [InlineData("", "o", "op", "x-session-id: o", "x-parent-session-id: op")]
    [InlineData("", "c", null, "session-id: c")]
    [InlineData("", "l", null, "x-llm-d-inference-fairness-id: l")]
    [InlineData("", "d", null, "x-dynamo-session-id: d", "x-session-id: o", "x-parent-session-id: op", "session-id: c")]
    [InlineData(""","prompt_cache_key":"k" """, "k", null)]
    [InlineData(""","prompt_cache_key":"k" """, "c", null, "session-id: c")]
    [InlineData("", null, null, "x-dynamo-parent-session-id: dp")]
    public async Task The_body_goes_before_headers_and_Crescents_own_before_others(string fields, string? program, string? parent, params string[] headers)
    {
        var generation = ScriptedGeneration.Of("!");
        await using var front = await TestFront.Start(generation);
        Add(front, headers);
        using var answer = await front.Post("/v1/completions", $$"""{"prompt":"a"{{fields}}}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal((program, parent), generation.Calls.Select(static c => (c.Program, c.ParentProgram)).Single());
    }

    [Theory]
    [InlineData("", false, false)]
    [InlineData(""","program":{"id":"a","critical":true}""", true, false)]
    [InlineData(""","program":{"id":"a","final":true}""", false, true)]
    [InlineData(""","program":{"critical":true,"final":true}""", true, true, "X-Crescent-Program: h")]
    [InlineData("", false, true, "x-dynamo-session-id: d", "x-dynamo-session-final: True")]
    [InlineData("", false, false, "x-dynamo-session-id: d", "x-dynamo-session-final: false")]
    public async Task A_call_says_whether_it_is_critical_and_whether_it_is_the_last(string fields, bool critical, bool final, params string[] headers)
    {
        var generation = ScriptedGeneration.Of("!");
        await using var front = await TestFront.Start(generation);
        Add(front, headers);
        using var answer = await front.Post("/v1/completions", $$"""{"prompt":"a"{{fields}}}""");
        Assert.Equal((critical, final), generation.Calls.Select(static c => (c.IsCritical, c.EndsProgram)).Single());
    }

    [Theory]
    [InlineData("X-Crescent-Program", 257, HttpStatusCode.BadRequest)]
    [InlineData("X-Crescent-Parent-Program", 257, HttpStatusCode.BadRequest)]
    [InlineData("X-Crescent-Program", 0, HttpStatusCode.BadRequest)]
    [InlineData("X-Crescent-Program", 256, HttpStatusCode.OK)]
    [InlineData("x-session-id", 257, HttpStatusCode.OK)]
    [InlineData("x-session-id", 0, HttpStatusCode.OK)]
    public async Task A_wrong_name_is_refused_in_Crescents_own_headers_and_passed_over_in_those_of_others(string header, int length, HttpStatusCode status)
    {
        var generation = ScriptedGeneration.Of("!");
        await using var front = await TestFront.Start(generation);
        front.Http.DefaultRequestHeaders.Add(header, new string('x', length));
        using var answer = await front.Post("/v1/completions", """{"prompt":"a"}""");
        Assert.Equal(status, answer.StatusCode);
        if (status == HttpStatusCode.BadRequest)
        {
            Assert.Equal(header, (string?)(await TestFront.Json(answer))["error"]!["param"]);
            Assert.Empty(generation.Calls);
        }
        else
        {
            Assert.Equal(length == 256 ? new string('x', 256) : null, generation.Calls.Single().Program);
        }
    }

    private static void Add(TestFront front, string[] headers)
    {
        foreach (var header in headers)
        {
            var parts = header.Split(": ");
            front.Http.DefaultRequestHeaders.Add(parts[0], parts[1]);
        }
    }
}
