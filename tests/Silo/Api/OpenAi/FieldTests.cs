using System.Net;
using System.Text.Json.Nodes;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>Fields that change an answer are obeyed or refused by name.</summary>
public sealed class FieldTests(FieldTests.Plain shared) : IClassFixture<FieldTests.Plain>
{
    [Theory]
    [InlineData("/v1/chat/completions", "chat_template", "\"x\"")]
    [InlineData("/v1/chat/completions", "web_search_options", "{}")]
    [InlineData("/v1/chat/completions", "audio", "{\"voice\":\"alloy\",\"format\":\"wav\"}")]
    [InlineData("/v1/chat/completions", "verbosity", "\"low\"")]
    [InlineData("/v1/chat/completions", "function_call", "{\"name\":\"f\"}")]
    [InlineData("/v1/chat/completions", "reasoning_effort", "\"high\"")]
    [InlineData("/v1/completions", "continue_final_message", "true")]
    [InlineData("/v1/chat/completions", "bad_words", "[\"x\"]")]
    [InlineData("/v1/chat/completions", "echo", "true")]
    [InlineData("/v1/completions", "suffix", "\"x\"")]
    [InlineData("/v1/completions", "use_beam_search", "true")]
    [InlineData("/v1/completions", "include_stop_str_in_output", "true")]
    [InlineData("/v1/completions", "prompt_logprobs", "1")]
    [InlineData("/v1/completions", "skip_special_tokens", "false")]
    [InlineData("/v1/chat/completions", "prompt", "\"Hi\"")]
    [InlineData("/v1/chat/completions", "input", "\"Hi\"")]
    [InlineData("/v1/chat/completions", "instructions", "\"Be short.\"")]
    [InlineData("/v1/chat/completions", "max_tool_calls", "1")]
    [InlineData("/v1/chat/completions", "thinking", "{\"type\":\"enabled\"}")]
    [InlineData("/v1/chat/completions", "options", "{\"num_ctx\":4096}")]
    [InlineData("/v1/chat/completions", "num_ctx", "4096")]
    [InlineData("/v1/chat/completions", "max_new_tokens", "4")]
    [InlineData("/v1/chat/completions", "crescent", "{\"speed\":1}", "crescent.speed")]
    [InlineData("/v1/chat/completions", "program", "{\"name\":\"a\"}", "program.name")]
    [InlineData("/v1/completions", "messages", "[{\"role\":\"user\",\"content\":\"Hi\"}]")]
    [InlineData("/v1/completions", "tools", "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]")]
    [InlineData("/v1/completions", "tool_choice", "\"required\"")]
    [InlineData("/v1/completions", "reasoning_effort", "\"low\"")]
    [InlineData("/v1/completions", "chat_template_kwargs", "{\"enable_thinking\":false}")]
    [InlineData("/v1/completions", "repeat_penalty", "1.5")]
    [InlineData("/v1/completions", "n_predict", "5")]
    [InlineData("/v1/completions", "stop_regex", "\"x\"")]
    [InlineData("/v1/completions", "no_repeat_ngram_size", "2")]
    [InlineData("/v1/completions", "top_n_sigma", "2")]
    [InlineData("/v1/completions", "stream_options", "{\"include_usage\":true,\"continuous_usage_stats\":true}", "stream_options.continuous_usage_stats")]
    [InlineData("/v1/embeddings", "truncate", "\"END\"")]
    [InlineData("/v1/embeddings", "pooling", "\"cls\"")]
    [InlineData("/v1/embeddings", "prompt_name", "\"query\"")]
    [InlineData("/v1/embeddings", "instruction", "\"x\"")]
    [InlineData("/v1/embeddings", "embd_normalize", "-1")]
    [InlineData("/tokenize", "chat_template", "\"x\"")]
    [InlineData("/detokenize", "skip_special_tokens", "true")]
    [InlineData("/v1/completions", "structured_outputs", "{\"regex\":\"a\",\"whitespace_pattern\":\"x\"}", "structured_outputs.whitespace_pattern")]
    [InlineData("/v1/completions", "structured_outputs", "{\"choice\":[\"a\"],\"disable_any_whitespace\":true}", "structured_outputs.disable_any_whitespace")]
    [InlineData("/v1/completions", "structured_outputs", "{\"json\":{},\"structural_tag\":\"x\"}", "structured_outputs.structural_tag")]
    public async Task What_is_not_obeyed_is_refused_by_name(string path, string field, string value, string? parameter = null)
    {
        var plain = path switch
        {
            "/v1/chat/completions" or "/tokenize" => "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]",
            "/v1/embeddings" => "\"input\":\"Hi\"",
            "/detokenize" => "\"tokens\":[1]",
            _ => "\"prompt\":\"Hi\"" + (field == "stream_options" ? ",\"stream\":true" : ""),
        };
        var front = shared.Front;
        using var answer = await front.Post(path, $$"""{{{plain}},"{{field}}":{{value}}}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = (await TestFront.Json(answer))["error"]!;
        Assert.Equal(parameter ?? field, (string?)error["param"]);
        Assert.Contains($"'{parameter ?? field}'", (string?)error["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"guided_json":{},"guided_regex":"a"}""", "guided_json", "guided_regex")]
    [InlineData("""{"guided_json":{},"guided_choice":["a"]}""", "guided_json", "guided_choice")]
    [InlineData("""{"guided_regex":"a","guided_choice":["a"]}""", "guided_regex", "guided_choice")]
    [InlineData("""{"structured_outputs":{"regex":"a","choice":["a"]}}""", "structured_outputs.regex", "structured_outputs.choice")]
    [InlineData("""{"structured_outputs":{"json":{},"regex":"a"}}""", "structured_outputs.json", "structured_outputs.regex")]
    [InlineData("""{"structured_outputs":{"json":{}},"guided_regex":"a"}""", "structured_outputs.json", "guided_regex")]
    [InlineData("""{"response_format":{"type":"json_object"},"structured_outputs":{"choice":["a"]}}""", "response_format", "structured_outputs.choice")]
    public async Task Two_structures_exclude_each_other(string fields, string one, string other)
    {
        var front = shared.Front;
        var body = JsonNode.Parse(fields)!.AsObject();
        body["prompt"] = "Hi";
        using var answer = await front.Post("/v1/completions", body.ToJsonString());
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = (await TestFront.Json(answer))["error"]!;
        Assert.Equal(other, (string?)error["param"]);
        Assert.Contains($"'{one}' and '{other}' exclude each other", (string?)error["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/completions", """{"prompt":"Hi","tools":[],"tool_choice":"auto","reasoning_effort":"none","chat_template_kwargs":{},"n_predict":-1,"repeat_penalty":1,"thinking":{"type":"disabled"},"stream":true,"stream_options":{"continuous_usage_stats":false}}""")]
    [InlineData("/v1/completions", """{"prompt":"Hi","structured_outputs":{"choice":["a"],"disable_any_whitespace":false,"disable_fallback":true,"whitespace_pattern":null}}""")]
    [InlineData("/v1/completions", """{"prompt":"Hi","max_tokens":1e1,"seed":3.0,"program":{"id":"a","parent":null},"crescent":{"task":"t","x":null}}""")]
    [InlineData("/v1/completions", """{"prompt":"Hi","max_tokens":4,"max_completion_tokens":4,"min_tokens":4}""")]
    [InlineData("/detokenize", """{"tokens":[1],"skip_special_tokens":false}""")]
    public async Task What_asks_for_nothing_is_taken(string path, string body)
    {
        var front = shared.Front;
        using var answer = await front.Post(path, body);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("store", "true")]
    [InlineData("metadata", "{\"a\":\"b\"}")]
    [InlineData("service_tier", "\"flex\"")]
    [InlineData("prompt_cache_key", "\"k\"")]
    [InlineData("safety_identifier", "\"s\"")]
    [InlineData("prediction", "{\"type\":\"content\",\"content\":\"Hi\"}")]
    [InlineData("verbosity", "\"medium\"")]
    [InlineData("modalities", "[\"text\"]")]
    [InlineData("functions", "[]")]
    [InlineData("reasoning_effort", "\"none\"")]
    [InlineData("suffix", "null")]
    public async Task What_cannot_change_the_answer_is_taken(string field, string value)
    {
        var front = shared.Front;
        using var answer = await front.Post("/v1/chat/completions", $$"""{"messages":[{"role":"user","content":"Hi"}],"{{field}}":{{value}}}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("""{"role":"assistant","content":[{"type":"refusal","refusal":"I will not."}]}""")]
    [InlineData("""{"role":"assistant","content":null,"refusal":"I will not."}""")]
    public async Task What_was_refused_is_the_assistants_turn(string turn)
    {
        var generation = ScriptedGeneration.Of("a");
        await using var front = await TestFront.Start(generation);
        using var answer = await front.Post("/v1/chat/completions", $$"""{"messages":[{"role":"user","content":"a"},{{turn}},{"role":"user","content":"b"}]}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var prompt = front.Model.Tokenizer.Decode(Assert.Single(generation.Calls).Prompt, withSpecial: true);
        Assert.Contains("<|im_start|>assistant\nI will not.<|im_end|>", prompt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_of_a_conversation_hold_its_tools()
    {
        var generation = ScriptedGeneration.Of("a");
        await using var front = await TestFront.Start(generation);
        var request = Read("tokens-with-tools.json");
        using var answer = await front.Post("/v1/chat/completions", request.ToJsonString());
        using var tokens = await front.Post("/tokenize", request.ToJsonString());
        Assert.Equal(Assert.Single(generation.Calls).Prompt, (await TestFront.Json(tokens))["tokens"]!.AsArray().Select(static token => (int)token!));
        request["tool_choice"] = "none";
        using var none = await front.Post("/tokenize", request.ToJsonString());
        Assert.True((int)(await TestFront.Json(none))["count"]! < 30);
    }

    [Fact]
    public async Task Variables_of_the_template_reach_it()
    {
        using var model = TemporaryModel.Of("{% for m in messages %}{{ m.content }}{% endfor %}{% if add_generation_prompt %}:{% if enable_thinking is defined and not enable_thinking %}[quick]{% endif %}{% endif %}");
        var generation = ScriptedGeneration.Of("a");
        await using var front = await TestFront.Start(generation, model: model.Path);
        var request = Read("template-variable.json");
        foreach (var (change, end) in new (Action<JsonObject>, string)[]
        {
            (static _ => { }, ":[quick]"),
            (static r => r.Remove("chat_template_kwargs"), ":"),
            (static r => r["reasoning_effort"] = "none", ":[quick]"),
            (static r => r["reasoning_effort"] = "high", ":"),
            (static r => r["add_generation_prompt"] = false, "?"),
        })
        {
            var changed = request;
            change(changed);
            using var answer = await front.Post("/v1/chat/completions", changed.ToJsonString());
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.EndsWith("4 + 4?" + end[(end == "?" ? 1 : 0)..], front.Model.Tokenizer.Decode(generation.Calls.Last().Prompt), StringComparison.Ordinal);
            using var tokens = await front.Post("/tokenize", changed.ToJsonString());
            Assert.Equal(generation.Calls.Last().Prompt.Length, (int)(await TestFront.Json(tokens))["count"]!);
        }
    }

    private static JsonObject Read(string name) => JsonNode.Parse(File.ReadAllText(TestFiles.Project("tests", "data", "requests", name)))!.AsObject();

    /// <summary>One front end for all tests that want nothing of it but its answers.</summary>
    public sealed class Plain : IAsyncLifetime
    {
        internal TestFront Front { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Front = await TestFront.Start(ScriptedGeneration.Of("a"));

        public ValueTask DisposeAsync() => Front.DisposeAsync();
    }
}
