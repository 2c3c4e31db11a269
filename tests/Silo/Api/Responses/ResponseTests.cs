using System.Net;
using System.Text.Json.Nodes;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Grains.Streams;
using Crescent.Tests.Silo.Api.Messages;

namespace Crescent.Tests.Silo.Api.Responses;

/// <summary>The Responses API on the wire.</summary>
public sealed class ResponseTests
{
    private const string Path = "/v1/responses";

    private const string Tools = """
        "tools":[{"type":"function","name":"weather","description":"The weather in a city.","parameters":{"type":"object","properties":{"city":{"enum":["Oslo","Rome"]}},"required":["city"],"additionalProperties":false}}]
        """;

    private const string Thinks = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content.split('</think>')[-1] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    [Fact]
    public async Task A_whole_answer_has_its_shape_and_tells_of_its_request()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("23 + 48", " = 71"));
        using var answer = await front.Post(Path, """{"input":"What is 23 + 48?","instructions":"Be brief.","metadata":{"a":"b"},"temperature":0.5,"max_output_tokens":64}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var json = await TestFront.Json(answer);
        Assert.StartsWith("resp_", (string?)json["id"], StringComparison.Ordinal);
        Assert.Equal(("response", "completed", "crescent-tiny", "Be brief.", "b", 0.5, 64, true), (
            (string?)json["object"], (string?)json["status"], (string?)json["model"], (string?)json["instructions"], (string?)json["metadata"]!["a"],
            (double)json["temperature"]!, (int)json["max_output_tokens"]!, (bool)json["store"]!));
        var item = Assert.Single(json["output"]!.AsArray())!;
        Assert.Equal(("message", "completed", "assistant"), ((string?)item["type"], (string?)item["status"], (string?)item["role"]));
        Assert.Equal(("output_text", "23 + 48 = 71"), ((string?)item["content"]![0]!["type"], (string?)item["content"]![0]!["text"]));
        Assert.Equal(2, (int)json["usage"]!["output_tokens"]!);
        Assert.Equal((int)json["usage"]!["input_tokens"]! + 2, (int)json["usage"]!["total_tokens"]!);
    }

    [Fact]
    public async Task A_stream_is_typed_events_of_items_and_their_parts()
    {
        using var model = TemporaryModel.Of(Thinks);
        await using var front = await TestFront.Start(ScriptedGeneration.Of("<think>Let me see.</think>", "7", "1"), model: model.Path);
        var events = await MessageTests.Events(front, """{"input":"What is 23 + 48?","stream":true}""", Path);
        Assert.All(events, static told => Assert.Equal(told.Name, (string?)told.Data["type"]));
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(static told => (int)told.Data["sequence_number"]!));
        Assert.Equal(
            ["response.created", "response.in_progress",
                "response.output_item.added", "response.content_part.added", "response.reasoning_text.delta", "response.reasoning_text.done", "response.content_part.done", "response.output_item.done",
                "response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.delta", "response.output_text.done", "response.content_part.done", "response.output_item.done",
                "response.completed"],
            events.Select(static told => told.Name));
        Assert.Equal("in_progress", (string?)events[0].Data["response"]!["status"]);
        Assert.Equal("71", (string?)events[12].Data["text"]);
        Assert.Equal(events[8].Data["item"]!["id"]!.ToString(), events[10].Data["item_id"]!.ToString());
        var whole = events[^1].Data["response"]!;
        Assert.Equal(["reasoning", "message"], whole["output"]!.AsArray().Select(static item => (string?)item!["type"]));
        Assert.Equal("Let me see.", (string?)whole["output"]![0]!["content"]![0]!["text"]);
        Assert.Equal((3, 1), ((int)whole["usage"]!["output_tokens"]!, (int)whole["usage"]!["output_tokens_details"]!["reasoning_tokens"]!));
    }

    [Fact]
    public async Task A_call_of_a_function_is_an_item_and_its_arguments_are_streamed()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"ci", "ty\": \"Oslo\"}}\n</tool_call>"));
        var events = await MessageTests.Events(front, """{"input":"Oslo?","stream":true,""" + Tools + "}", Path);
        const string Arguments = """{"city": "Oslo"}""";
        Assert.Equal(Arguments, string.Concat(events.Where(static told => told.Name == "response.function_call_arguments.delta").Select(static told => (string?)told.Data["delta"])));
        Assert.Equal(Arguments, (string?)Assert.Single(events, static told => told.Name == "response.function_call_arguments.done").Data["arguments"]);
        var item = Assert.Single(events[^1].Data["response"]!["output"]!.AsArray())!;
        Assert.Equal(("function_call", "weather", Arguments, "completed"), ((string?)item["type"], (string?)item["name"], (string?)item["arguments"], (string?)item["status"]));
        Assert.StartsWith("call_", (string?)item["call_id"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_talk_goes_on_by_the_id_of_the_last_answer_with_the_prompt_that_it_has_as_a_chat()
    {
        var generation = ScriptedGeneration.Of("I look. ", "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call>");
        await using var front = await TestFront.Start(generation);
        using var first = await front.Post(Path, """{"instructions":"Be brief.","input":"Oslo?",""" + Tools + "}");
        var one = await TestFront.Json(first);
        var call = one["output"]![1]!;
        var second = $$"""{"instructions":"Be brief.","previous_response_id":"{{one["id"]}}","input":[{"type":"function_call_output","call_id":"{{call["call_id"]}}","output":"rain"}],""" + Tools + "}";
        using var counted = await front.Post(Path + "/input_tokens", second);
        using var two = await front.Post(Path, second);
        Assert.True(two.StatusCode == HttpStatusCode.OK, await two.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        // The same with all of it in one request, and as a chat.
        using var whole = await front.Post(Path, """{"store":false,"input":[{"role":"developer","content":[{"type":"input_text","text":"Be brief."}]},{"role":"user","content":"Oslo?"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look. "}]},{"type":"function_call","call_id":"c","name":"weather","arguments":"{\"city\": \"Oslo\"}"},{"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"rain"}]}],""" + Tools + "}");
        using var chat = await front.Post("/v1/chat/completions", """{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Oslo?"},{"role":"assistant","content":"I look. ","tool_calls":[{"id":"c","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Oslo\"}"}}]},{"role":"tool","tool_call_id":"c","content":"rain"}],"tools":[{"type":"function","function":{"name":"weather","description":"The weather in a city.","parameters":{"type":"object","properties":{"city":{"enum":["Oslo","Rome"]}},"required":["city"],"additionalProperties":false}}}]}""");
        var prompts = generation.Calls.Skip(1).Select(asked => front.Model.Tokenizer.Decode(asked.Prompt, withSpecial: true)).ToList();
        Assert.Equal(3, prompts.Count);
        Assert.Equal(prompts[2], prompts[1]);
        Assert.Equal(prompts[2].Replace("I look. ", "I look.", StringComparison.Ordinal), prompts[0].Replace("I look. ", "I look.", StringComparison.Ordinal));
        Assert.Equal(generation.Calls.ElementAt(1).Prompt.Length, (int)(await TestFront.Json(counted))["input_tokens"]!);
    }

    [Fact]
    public async Task A_response_is_kept_for_its_tenant_until_it_is_deleted()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("Yes."));
        using var answer = await front.Post(Path, """{"input":[{"role":"user","content":"a"},{"role":"user","content":"b"}]}""");
        var made = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var id = (string)JsonNode.Parse(made)!["id"]!;
        Assert.Equal(made, await front.Http.GetStringAsync($"{Path}/{id}", TestContext.Current.CancellationToken));
        var items = JsonNode.Parse(await front.Http.GetStringAsync($"{Path}/{id}/input_items", TestContext.Current.CancellationToken))!["data"]!.AsArray();
        Assert.Equal(["b", "a"], items.Select(static item => (string?)item!["content"]));

        using var others = new HttpRequestMessage(HttpMethod.Get, $"{Path}/{id}");
        others.Headers.Add("X-Crescent-Tenant", "another");
        Assert.Equal(HttpStatusCode.NotFound, (await front.Http.SendAsync(others, TestContext.Current.CancellationToken)).StatusCode);
        using var delete = new HttpRequestMessage(HttpMethod.Delete, $"{Path}/{id}");
        delete.Headers.Add("X-Crescent-Request", "1");
        using var deleted = await front.Http.SendAsync(delete, TestContext.Current.CancellationToken);
        Assert.True((bool)(await TestFront.Json(deleted))["deleted"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await front.Http.GetAsync($"{Path}/{id}", TestContext.Current.CancellationToken)).StatusCode);
        using var after = await front.Post(Path, $$"""{"input":"c","previous_response_id":"{{id}}"}""");
        Assert.Equal("previous_response_not_found", (string?)(await TestFront.Json(after))["error"]!["code"]);

        using var alone = await front.Post(Path, """{"input":"a","store":false}""");
        var left = await TestFront.Json(alone);
        Assert.False((bool)left["store"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await front.Http.GetAsync($"{Path}/{left["id"]}", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task An_answer_that_is_too_long_is_incomplete_and_a_failure_in_a_stream_is_an_error_event()
    {
        await using var front = await TestFront.Start(new ScriptedGeneration(static (call, _) => Long(call.Prompt.Length, call.MaxTokens)));
        using var answer = await front.Post(Path, """{"input":"a","max_output_tokens":1}""");
        var json = await TestFront.Json(answer);
        Assert.Equal(("incomplete", "max_output_tokens"), ((string?)json["status"], (string?)json["incomplete_details"]!["reason"]));
        Assert.Equal("incomplete", (string?)json["output"]![0]!["status"]);
        var events = await MessageTests.Events(front, """{"input":"a","max_output_tokens":2,"stream":true}""", Path);
        Assert.Equal(("error", "unavailable", 1, 1), (events[^1].Name, (string?)events[^1].Data["code"], (int?)events[^1].Data["retry_after"], (int?)events[^1].Data["error"]!["retry_after"]));
    }

    [Theory]
    [InlineData("""{"type":"json_schema","name":"x","strict":true,"schema":{"type":"object","properties":{},"additionalProperties":false}}""", GrammarKind.JsonSchema)]
    [InlineData("""{"type":"json_object"}""", GrammarKind.JsonObject)]
    public async Task A_format_of_the_text_holds_the_call(string format, GrammarKind kind)
    {
        var generation = ScriptedGeneration.Of("{}");
        await using var front = await TestFront.Start(generation);
        using var answer = await front.Post(Path, $$$"""{"input":"a","text":{"format":{{{format}}},"verbosity":"medium"},"reasoning":{"effort":"low","summary":"auto"},"include":["reasoning.encrypted_content"]}""");
        Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(kind, Assert.Single(generation.Calls).Sampling.Structure!.Source.Kind);
    }

    [Theory]
    [InlineData("{}", "input")]
    [InlineData("""{"input":[]}""", "input")]
    [InlineData("""{"input":"a","background":true}""", "background")]
    [InlineData("""{"input":"a","conversation":"c"}""", "conversation")]
    [InlineData("""{"input":"a","prompt":{"id":"p"}}""", "prompt")]
    [InlineData("""{"input":"a","truncation":"auto"}""", "truncation")]
    [InlineData("""{"input":"a","max_tool_calls":1}""", "max_tool_calls")]
    [InlineData("""{"input":"a","max_tokens":1}""", "max_tokens")]
    [InlineData("""{"input":"a","messages":[]}""", "messages")]
    [InlineData("""{"input":"a","include":["message.output_text.logprobs"]}""", "include")]
    [InlineData("""{"input":"a","top_logprobs":2}""", "top_logprobs")]
    [InlineData("""{"input":"a","reasoning":{"effort":"much"}}""", "reasoning.effort")]
    [InlineData("""{"input":"a","text":{"verbosity":"low"}}""", "text.verbosity")]
    [InlineData("""{"input":"a","text":{"format":{"type":"xml"}}}""", "text.format.type")]
    [InlineData("""{"input":"a","tools":[{"type":"web_search"}]}""", "tools[0].type")]
    [InlineData("""{"input":"a","tool_choice":"required"}""", "tool_choice")]
    [InlineData("""{"input":[{"role":"user","content":[{"type":"input_image","image_url":"x"}]}]}""", "input[0].content[0].type")]
    [InlineData("""{"input":[{"type":"item_reference","id":"x"}]}""", "input[0].type")]
    [InlineData("""{"input":[{"type":"function_call_output","output":"x"}]}""", "input[0].call_id")]
    public async Task What_is_wrong_is_refused_by_name(string body, string field)
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("!"));
        using var answer = await front.Post(Path, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(field, (string?)(await TestFront.Json(answer))["error"]!["param"]);
    }

    private static async IAsyncEnumerable<GenerationChunk> Long(int prompt, int most)
    {
        await Task.Yield();
        yield return new GenerationChunk([1], "a", null, null);
        if (most > 1)
        {
            throw new GenerationFailedException("Its device is gone.");
        }

        yield return new GenerationChunk([], "", "length", ScriptedGeneration.Usage(prompt, 1));
    }
}
