using System.Net;
using System.Text.Json.Nodes;
using Crescent.Engine.Model.Text;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>The answers on the wire, byte for byte where clients depend on it.</summary>
public sealed class AnswerTests
{
    private const string Ask = """{"messages":[{"role":"user","content":"What is 23 + 48?"}]""";

    [Fact]
    public async Task A_whole_answer_has_OpenAIs_shape_and_what_it_took()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("23 + 48", " = ", "71"));
        using var answer = await front.Post("/v1/chat/completions", Ask + "}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("23 + 48 = 71", text, StringComparison.Ordinal);
        var json = JsonNode.Parse(text)!;
        Assert.StartsWith("chatcmpl-", (string?)json["id"], StringComparison.Ordinal);
        Assert.Equal("chat.completion", (string?)json["object"]);
        Assert.Equal("crescent-tiny", (string?)json["model"]);
        var choice = Assert.Single(json["choices"]!.AsArray())!;
        Assert.Equal(0, (int?)choice["index"]);
        Assert.Equal("assistant", (string?)choice["message"]!["role"]);
        Assert.Equal("23 + 48 = 71", (string?)choice["message"]!["content"]);
        Assert.Equal("stop", (string?)choice["finish_reason"]);
        var usage = json["usage"]!;
        Assert.Equal(3, (int?)usage["completion_tokens"]);
        Assert.Equal((int?)usage["prompt_tokens"] + 3, (int?)usage["total_tokens"]);
        Assert.Equal(0, (int?)usage["prompt_tokens_details"]!["cached_tokens"]);
        Assert.Equal("""{"queue_seconds":0.25,"prefill_seconds":0.5,"decode_seconds":1.5,"joules":12.5,"device":"device-1/cpu"}""", usage["crescent"]!.ToJsonString());
        Assert.Equal("""{"joules":12.5,"source":"rapl","simulated":false}""", usage["energy"]!.ToJsonString());
    }

    [Fact]
    public async Task Tenant_and_task_reach_the_call_by_field_or_header()
    {
        var generation = ScriptedGeneration.Of("!");
        await using var front = await TestFront.Start(generation);
        front.Http.DefaultRequestHeaders.Add("X-Crescent-Tenant", "by-header");
        front.Http.DefaultRequestHeaders.Add("X-Crescent-Task", "task-1");
        using (await front.Post("/v1/chat/completions", Ask + "}"))
        using (await front.Post("/v1/completions", """{"prompt":"a","user":"by-field","crescent":{"task":"task-2"}}"""))
        using (var refused = await front.Post("/v1/completions", $$$"""{"prompt":"a","crescent":{"task":"{{{new string('x', 257)}}}"}}"""))
        {
            Assert.Equal([("by-header", "task-1"), ("by-field", "task-2")], generation.Calls.Select(static c => (c.Tenant, c.Task)));
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.Equal("crescent.task", (string?)(await TestFront.Json(refused))["error"]!["param"]);
        }
    }

    [Fact]
    public async Task A_session_reaches_the_call_by_field_or_header()
    {
        var generation = ScriptedGeneration.Of("!");
        await using var front = await TestFront.Start(generation);
        using (await front.Post("/v1/chat/completions", Ask + "}"))
        using (await front.Post("/v1/chat/completions", Ask + ""","session_id":null}"""))
        using (await front.Post("/v1/completions", """{"prompt":"a","session_id":"by-field"}"""))
        {
        }

        front.Http.DefaultRequestHeaders.Add("X-Crescent-Session", "by-header");
        using (await front.Post("/v1/chat/completions", Ask + "}"))
        using (await front.Post("/v1/chat/completions", Ask + $$""","session_id":"{{new string('x', 256)}}"}"""))
        {
            Assert.Equal([null, null, "by-field", "by-header", new string('x', 256)], generation.Calls.Select(static c => c.Program));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(257)]
    public async Task A_wrong_session_header_is_named(int length)
    {
        var generation = ScriptedGeneration.Of("!");
        await using var front = await TestFront.Start(generation);
        front.Http.DefaultRequestHeaders.Add("X-Crescent-Session", new string('x', length));
        using var refused = await front.Post("/v1/chat/completions", Ask + "}");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal("X-Crescent-Session", (string?)(await TestFront.Json(refused))["error"]!["param"]);
        Assert.Empty(generation.Calls);
    }

    [Fact]
    public async Task A_stream_is_the_events_that_OpenAI_sends()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("7", "1"));
        var events = await Events(front, "/v1/chat/completions", Ask + ""","stream":true}""");
        Assert.Equal(
            [
                """[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]""",
                """[{"index":0,"delta":{"content":"7"},"logprobs":null,"finish_reason":null}]""",
                """[{"index":0,"delta":{"content":"1"},"logprobs":null,"finish_reason":null}]""",
                """[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]""",
            ],
            events.Select(e => e["choices"]!.ToJsonString()));
        Assert.Single(events.Select(e => (string?)e["id"]).Distinct());
        Assert.All(events, e => Assert.Equal("chat.completion.chunk", (string?)e["object"]));
        Assert.All(events, e => Assert.False(e.AsObject().ContainsKey("usage")));
    }

    [Fact]
    public async Task A_stream_with_usage_ends_with_an_event_that_has_no_choices()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("7", "1"));
        var events = await Events(front, "/v1/chat/completions", Ask + ""","stream":true,"stream_options":{"include_usage":true}}""");
        Assert.All(events.SkipLast(1), e => Assert.True(e.AsObject().ContainsKey("usage") && e["usage"] is null));
        Assert.Empty(events[^1]["choices"]!.AsArray());
        Assert.Equal(2, (int?)events[^1]["usage"]!["completion_tokens"]);
        Assert.Equal("device-1/cpu", (string?)events[^1]["usage"]!["crescent"]!["device"]);
    }

    [Fact]
    public async Task A_text_stream_carries_every_prompts_choice()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("a", "b"));
        var events = await Events(front, "/v1/completions", """{"prompt":["x","y"],"stream":true}""");
        Assert.All(events, e => Assert.Equal("text_completion", (string?)e["object"]));
        foreach (var index in new[] { 0, 1 })
        {
            var choices = events.Select(e => e["choices"]![0]!).Where(c => (int)c["index"]! == index).ToList();
            Assert.Equal("ab", string.Concat(choices.Select(c => (string?)c["text"])));
            Assert.Equal("stop", (string?)choices[^1]["finish_reason"]);
        }
    }

    [Fact]
    public async Task All_forms_of_a_prompt_reach_the_engine_as_its_tokens()
    {
        var generation = ScriptedGeneration.Of("!");
        await using var front = await TestFront.Start(generation);
        var tokenizer = front.Model.Tokenizer;
        foreach (var (prompt, expected) in new (string, int[][])[]
        {
            ("\"Once upon\"", [Tokens(tokenizer, "Once upon")]),
            ("""["Once","upon"]""", [Tokens(tokenizer, "Once"), Tokens(tokenizer, "upon")]),
            ("[5,6,7]", [[5, 6, 7]]),
            ("[[5,6],[7]]", [[5, 6], [7]]),
        })
        {
            generation.Calls.Clear();
            using var answer = await front.Post("/v1/completions", $$"""{"prompt":{{prompt}}}""");
            var json = await TestFront.Json(answer);
            Assert.Equal(expected.Length, json["choices"]!.AsArray().Count);
            Assert.Equal(expected, generation.Calls.OrderBy(c => c.RequestId, StringComparer.Ordinal).Select(c => c.Prompt));
            Assert.All(generation.Calls, c => Assert.Equal(16, c.MaxTokens));
            Assert.Equal(expected.Sum(p => p.Length), (int?)json["usage"]!["prompt_tokens"]);
        }
    }

    [Fact]
    public async Task The_fields_reach_the_engine()
    {
        var generation = ScriptedGeneration.Of("!");
        await using var front = await TestFront.Start(generation);
        using (await front.Post("/v1/chat/completions", Ask + ""","temperature":0.5,"top_p":0.25,"seed":-3,"max_completion_tokens":9,"stop":["a","b"],"n":1,"user":"someone"}"""))
        using (await front.Post("/v1/chat/completions", Ask + ""","max_tokens":8,"stop":"c","temperature":null}"""))
        using (await front.Post("/v1/chat/completions", Ask + "}"))
        {
            var calls = generation.Calls.ToArray();
            Assert.Equal((0.5f, 0.25f, unchecked((ulong)-3L)), (calls[0].Sampling.Temperature, calls[0].Sampling.TopP, calls[0].Sampling.Seed));
            Assert.Equal(9, calls[0].MaxTokens);
            Assert.Equal(["a", "b"], calls[0].StopStrings);
            Assert.Equal(1, calls[1].Sampling.Temperature);
            Assert.Equal(8, calls[1].MaxTokens);
            Assert.Equal(["c"], calls[1].StopStrings);
            Assert.Equal(2048 - calls[2].Prompt.Length, calls[2].MaxTokens);
            Assert.NotEqual(calls[1].Sampling.Seed, calls[2].Sampling.Seed);
        }
    }

    [Fact]
    public async Task The_fields_beyond_temperature_reach_the_engine()
    {
        var generation = ScriptedGeneration.Of("!");
        await using var front = await TestFront.Start(generation);
        const string Fields = ""","top_k":5,"min_p":0.5,"frequency_penalty":-1,"presence_penalty":2,"repetition_penalty":1.5,"logit_bias":{"7":-100}}""";
        using var answer = await front.Post("/v1/chat/completions", Ask + Fields);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var sampling = Assert.Single(generation.Calls).Sampling;
        Assert.Equal((5, 0.5f, -1f, 2f, 1.5f), (sampling.TopK, sampling.MinP, sampling.FrequencyPenalty, sampling.PresencePenalty, sampling.RepetitionPenalty));
        Assert.Equal([new(7, -100f)], sampling.LogitBias);
    }

    [Fact]
    public async Task Text_parts_are_lines_of_one_content_and_a_developer_is_the_system()
    {
        var generation = ScriptedGeneration.Of("!");
        await using var front = await TestFront.Start(generation);
        using (await front.Post("/v1/chat/completions", """{"messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}"""))
        using (await front.Post("/v1/chat/completions", """{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"a\nb"}]}"""))
        {
            var calls = generation.Calls.ToArray();
            Assert.Equal(calls[1].Prompt, calls[0].Prompt);
            Assert.Contains("Be brief.", front.Model.Tokenizer.Decode(calls[0].Prompt), StringComparison.Ordinal);
        }
    }

    private static int[] Tokens(Tokenizer tokenizer, string text) => tokenizer.Encode(text, parseSpecial: true, addSpecial: true);

    private static async Task<List<JsonNode>> Events(TestFront front, string path, string body)
    {
        using var answer = await front.Post(path, body);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        var events = text[..^2].Split("\n\n");
        Assert.All(events, e => Assert.StartsWith("data: ", e, StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", events[^1]);
        return [.. events.SkipLast(1).Select(e => JsonNode.Parse(e["data: ".Length..])!)];
    }
}
