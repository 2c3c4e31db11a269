using System.Net;
using System.Text.Json.Nodes;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Grains.Streams;

namespace Crescent.Tests.Silo.Api.Messages;

/// <summary>Anthropic's dialect on the wire.</summary>
public sealed class MessageTests
{
    private const string Path = "/v1/messages";
    private const string Ask = """{"max_tokens":64,"messages":[{"role":"user","content":"What is 23 + 48?"}]""";

    private const string Tools = """
        "tools":[{"name":"weather","description":"The weather in a city.","input_schema":{"type":"object","properties":{"city":{"enum":["Oslo","Rome"]}},"required":["city"],"additionalProperties":false}}]
        """;

    private const string Thinks = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content.split('</think>')[-1] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    [Fact]
    public async Task A_whole_answer_has_anthropics_shape()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("23 + 48", " = 71"));
        using var answer = await front.Post(Path, Ask + "}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(answer.Headers.GetValues("X-Request-ID"), answer.Headers.GetValues("request-id"));
        var json = await TestFront.Json(answer);
        Assert.StartsWith("msg_", (string?)json["id"], StringComparison.Ordinal);
        Assert.Equal(("message", "assistant", "crescent-tiny"), ((string?)json["type"], (string?)json["role"], (string?)json["model"]));
        Assert.Equal("""[{"type":"text","text":"23 + 48 = 71"}]""", json["content"]!.ToJsonString().Replace("\\u002B", "+", StringComparison.Ordinal));
        Assert.Equal(("end_turn", null), ((string?)json["stop_reason"], (string?)json["stop_sequence"]));
        Assert.Equal(2, (int)json["usage"]!["output_tokens"]!);
        Assert.Equal("device-1/cpu", (string?)json["usage"]!["crescent"]!["device"]);
    }

    [Fact]
    public async Task A_stream_is_the_events_that_anthropic_sends()
    {
        using var model = TemporaryModel.Of(Thinks);
        await using var front = await TestFront.Start(ScriptedGeneration.Of("<think>Let me", " see.</think>", "7", "1"), model: model.Path);
        var events = await Events(front, Ask + ""","stream":true}""");
        Assert.All(events, static told => Assert.Equal(told.Name, (string?)told.Data["type"]));
        Assert.Equal(
            ["message_start", "content_block_start", "content_block_delta", "content_block_delta", "content_block_delta", "content_block_stop",
                "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop", "message_delta", "message_stop"],
            events.Select(static told => told.Name));
        Assert.Equal((0, "thinking"), ((int)events[1].Data["index"]!, (string?)events[1].Data["content_block"]!["type"]));
        Assert.Equal("Let me see.", string.Concat(events.Select(static told => (string?)told.Data["delta"]?["thinking"])));
        Assert.True(((string?)events[4].Data["delta"]!["signature"])?.Length > 0);
        Assert.Equal((1, "text"), ((int)events[6].Data["index"]!, (string?)events[6].Data["content_block"]!["type"]));
        Assert.Equal("71", string.Concat(events.Select(static told => (string?)told.Data["delta"]?["text"])));
        Assert.Equal("end_turn", (string?)events[^2].Data["delta"]!["stop_reason"]);
        Assert.Equal((4, 2), ((int)events[^2].Data["usage"]!["output_tokens"]!, (int)events[^2].Data["usage"]!["output_tokens_details"]!["thinking_tokens"]!));
    }

    [Fact]
    public async Task A_call_of_a_tool_is_a_block_whole_and_streamed()
    {
        var generation = ScriptedGeneration.Of("I look. ", "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"ci", "ty\": \"Oslo\"}}\n</tool_call>");
        await using var front = await TestFront.Start(generation);
        using var answer = await front.Post(Path, Ask + "," + Tools + "}");
        var json = await TestFront.Json(answer);
        Assert.Equal("tool_use", (string?)json["stop_reason"]);
        Assert.Equal(["text", "tool_use"], json["content"]!.AsArray().Select(static block => (string?)block!["type"]));
        var call = json["content"]![1]!;
        Assert.StartsWith("toolu_", (string?)call["id"], StringComparison.Ordinal);
        Assert.Equal(("weather", "Oslo"), ((string?)call["name"], (string?)call["input"]!["city"]));
        var events = await Events(front, Ask + "," + Tools + ""","stream":true}""");
        Assert.Equal("""{"city": "Oslo"}""", string.Concat(events.Select(static told => (string?)told.Data["delta"]?["partial_json"])));
        Assert.Equal("tool_use", (string?)events[^2].Data["delta"]!["stop_reason"]);
        Assert.NotNull(generation.Calls.First().Sampling.Structure);
    }

    [Theory]
    [InlineData("", false, false)]
    [InlineData(""","tool_choice":{"type":"auto","disable_parallel_tool_use":true}""", false, true)]
    [InlineData(""","tool_choice":{"type":"any"}""", true, false)]
    [InlineData(""","tool_choice":{"type":"tool","name":"weather"}""", true, false)]
    public async Task A_choice_of_tools_reaches_the_call(string choice, bool must, bool once)
    {
        var generation = ScriptedGeneration.Of("!");
        await using var front = await TestFront.Start(generation);
        using var answer = await front.Post(Path, Ask + "," + Tools + choice + "}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var structure = Assert.Single(generation.Calls).Sampling.Structure!;
        Assert.Equal((must, once), (structure.Trigger is null, structure.Once));
    }

    /// <summary>The same talk as it is sent in both dialects; the prompt is the same, so that each finds in the caches what the other has left there.</summary>
    [Theory]
    [InlineData(
        """{"messages":[{"role":"system","content":[{"type":"text","text":"Be brief."},{"type":"text","text":"And kind."}]},{"role":"user","content":"Oslo?"},{"role":"assistant","content":"I look.","tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Oslo\"}"}}]},{"role":"tool","tool_call_id":"c1","content":"rain"},{"role":"user","content":"And Rome?"}],"tools":[{"type":"function","function":{"name":"weather","description":"The weather in a city.","parameters":{"type":"object","properties":{"city":{"enum":["Oslo","Rome"]}},"required":["city"],"additionalProperties":false}}}]}""",
        """{"max_tokens":9,"system":[{"type":"text","text":"x-anthropic-billing-header: cch=1;"},{"type":"text","text":"Be brief."},{"type":"text","text":"And kind.","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"Oslo?"},{"role":"assistant","content":[{"type":"text","text":"I look."},{"type":"tool_use","id":"c1","name":"weather","input":{"city":"Oslo"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"rain"}]},{"type":"text","text":"And Rome?"}]}],""" + Tools + "}")]
    [InlineData(
        """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}],"continue_final_message":true}""",
        """{"max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}""")]
    public async Task A_talk_has_the_prompt_that_it_has_in_openais_dialect(string chat, string messages)
    {
        var generation = ScriptedGeneration.Of("!");
        await using var front = await TestFront.Start(generation);
        using var one = await front.Post("/v1/chat/completions", chat);
        using var other = await front.Post(Path, messages);
        Assert.True(other.StatusCode == HttpStatusCode.OK, await other.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var calls = generation.Calls.ToArray();
        Assert.Equal(front.Model.Tokenizer.Decode(calls[0].Prompt, withSpecial: true), front.Model.Tokenizer.Decode(calls[1].Prompt, withSpecial: true));
        using var counted = await front.Post(Path + "/count_tokens", messages);
        Assert.Equal(calls[0].Prompt.Length, (int)(await TestFront.Json(counted))["input_tokens"]!);
    }

    [Fact]
    public async Task What_a_model_thought_goes_back_to_it()
    {
        using var model = TemporaryModel.Of("{% for m in messages %}[{{ m.role }}]{% if m.reasoning_content is string %}({{ m.reasoning_content }}){% endif %}{{ m.content }}{% endfor %}");
        var generation = ScriptedGeneration.Of("!");
        await using var front = await TestFront.Start(generation, model: model.Path);
        using var answer = await front.Post(Path, """{"max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"x"},{"type":"text","text":"b"}]},{"role":"user","content":"c"},{"role":"user","content":"d"}]}""");
        Assert.Equal("[user]a[assistant](hm)b[user]c\nd", front.Model.Tokenizer.Decode(Assert.Single(generation.Calls).Prompt));
    }

    [Theory]
    [InlineData("""{"type":"enabled","budget_tokens":1024}""", "[thinks]", true)]
    [InlineData("""{"type":"adaptive"}""", "[thinks]", true)]
    [InlineData("""{"type":"adaptive","display":"omitted"}""", "[thinks]", false)]
    [InlineData("""{"type":"disabled"}""", "", false)]
    public async Task Thinking_is_the_templates_and_not_told_where_it_is_not_wanted(string thinking, string end, bool isTold)
    {
        using var model = TemporaryModel.Of(Thinks + "{% if enable_thinking is defined and enable_thinking %}[thinks]{% endif %}");
        var generation = ScriptedGeneration.Of("<think>hm</think>", "b");
        await using var front = await TestFront.Start(generation, model: model.Path);
        using var answer = await front.Post(Path, Ask + $$""","thinking":{{thinking}}}""");
        Assert.EndsWith("assistant\n" + end, front.Model.Tokenizer.Decode(Assert.Single(generation.Calls).Prompt), StringComparison.Ordinal);
        var blocks = (await TestFront.Json(answer))["content"]!.AsArray().Select(static block => (string?)block!["type"]);
        Assert.Equal(isTold ? ["thinking", "text"] : ["text"], blocks);
    }

    [Fact]
    public async Task A_stop_sequence_is_named()
    {
        var generation = new ScriptedGeneration((call, _) => Stopped(call.Prompt.Length));
        await using var front = await TestFront.Start(generation);
        Tokens = front.Model.Tokenizer.Encode("one, two END", parseSpecial: false);
        using var answer = await front.Post(Path, Ask + ""","stop_sequences":["STOP","END"]}""");
        Assert.Equal(["STOP", "END"], generation.Calls.Single().StopStrings);
        var json = await TestFront.Json(answer);
        Assert.Equal(("stop_sequence", "END"), ((string?)json["stop_reason"], (string?)json["stop_sequence"]));
    }

    [Fact]
    public async Task Fields_reach_the_call()
    {
        var generation = ScriptedGeneration.Of("!");
        await using var front = await TestFront.Start(generation);
        front.Http.DefaultRequestHeaders.Add("x-claude-code-session-id", "talk");
        front.Http.DefaultRequestHeaders.Add("x-claude-code-agent-id", "agent");
        using var answer = await front.Post(Path, Ask + ""","temperature":0.5,"top_k":5,"top_p":0.25,"metadata":{"user_id":"u"},"service_tier":"auto","priority":"batch","output_config":{"effort":"low","format":{"type":"json_schema","schema":{"type":"object","properties":{},"additionalProperties":false}}},"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]}}""");
        Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var call = Assert.Single(generation.Calls);
        Assert.Equal((64, 0.5f, 5, 0.25f), (call.MaxTokens, call.Sampling.Temperature, call.Sampling.TopK, call.Sampling.TopP));
        Assert.Equal(("agent", "talk", ""), (call.Program, call.ParentProgram, call.Tenant));
        Assert.Equal(GrammarKind.JsonSchema, call.Sampling.Structure!.Source.Kind);
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"a"}]}""", "'max_tokens'")]
    [InlineData("""{"max_tokens":9}""", "'messages'")]
    [InlineData("""{"max_tokens":9,"messages":[{"role":"tool","content":"a"}]}""", "'messages[0].role'")]
    [InlineData("""{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{}}]}]}""", "'messages[0].content[0].type'")]
    [InlineData("""{"max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"b","input":{}}]}]}""", "'messages[1].content'")]
    [InlineData("""{"max_tokens":9,"messages":[{"role":"user","content":"a"}],"tools":[{"type":"web_search_20250305","name":"web_search"}]}""", "'tools[0].type'")]
    [InlineData("""{"max_tokens":9,"messages":[{"role":"user","content":"a"}],"tools":[{"name":"a"}]}""", "'tools[0].input_schema'")]
    [InlineData("""{"max_tokens":9,"messages":[{"role":"user","content":"a"}],"tool_choice":{"type":"any"}}""", "'tool_choice'")]
    [InlineData("""{"max_tokens":9,"messages":[{"role":"user","content":"a"}],"thinking":{"type":"on"}}""", "'thinking.type'")]
    [InlineData("""{"max_tokens":9,"messages":[{"role":"user","content":"a"}],"mcp_servers":[{}]}""", "'mcp_servers'")]
    [InlineData("""{"max_tokens":9,"messages":[{"role":"user","content":"a"}],"container":"c"}""", "'container'")]
    [InlineData("""{"max_tokens":9,"messages":[{"role":"user","content":"a"}],"context_management":{"edits":[{"type":"clear_tool_uses_20250919"}]}}""", "'context_management'")]
    [InlineData("""{"max_tokens":9,"messages":[{"role":"user","content":"a"}],"stop":["a"]}""", "'stop'")]
    [InlineData("""{"max_tokens":9,"messages":[{"role":"user","content":"a"}],"n":2}""", "'n'")]
    [InlineData("""{"max_tokens":9,"messages":[{"role":"user","content":"a"}],"logprobs":true}""", "'logprobs'")]
    public async Task What_is_wrong_is_told_in_anthropics_shape(string body, string named)
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("!"));
        using var answer = await front.Post(Path, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var json = await TestFront.Json(answer);
        Assert.Equal(("error", "invalid_request_error"), ((string?)json["type"], (string?)json["error"]!["type"]));
        Assert.Contains(named, (string?)json["error"]!["message"], StringComparison.Ordinal);
        Assert.Equal(answer.Headers.GetValues("request-id").Single(), (string?)json["request_id"]);
    }

    [Fact]
    public async Task An_error_within_a_stream_is_an_event_of_that_name()
    {
        var generation = new ScriptedGeneration(static (_, _) => Broken());
        await using var front = await TestFront.Start(generation);
        var events = await Events(front, Ask + ""","stream":true}""");
        Assert.Equal("error", events[^1].Name);
        Assert.Equal(("error", "overloaded_error", 1), ((string?)events[^1].Data["type"], (string?)events[^1].Data["error"]!["type"], (int?)events[^1].Data["error"]!["retry_after"]));
        using var unknown = await front.Post(Path, """{"model":"none","max_tokens":9,"messages":[{"role":"user","content":"a"}]}""");
        Assert.Equal((HttpStatusCode.NotFound, "not_found_error"), (unknown.StatusCode, (string?)(await TestFront.Json(unknown))["error"]!["type"]));
    }

    private int[] Tokens { get; set; } = [];

    private async IAsyncEnumerable<GenerationChunk> Stopped(int prompt)
    {
        await Task.Yield();
        yield return new GenerationChunk([Tokens[0]], "one", null, null);
        yield return new GenerationChunk(Tokens[1..], ", two ", "stop", ScriptedGeneration.Usage(prompt, Tokens.Length));
    }

    private static async IAsyncEnumerable<GenerationChunk> Broken()
    {
        yield return new GenerationChunk([1], "a", null, null);
        await Task.Yield();
        throw new GenerationFailedException("Its device is gone.");
    }

    internal static async Task<List<(string Name, JsonNode Data)>> Events(TestFront front, string body, string path = Path)
    {
        using var answer = await front.Post(path, body);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(static told => told.Split('\n'))
            .Select(static lines => (lines[0]["event: ".Length..], JsonNode.Parse(lines[1]["data: ".Length..])!))];
    }
}
