using System.Net;
using System.Text.Json.Nodes;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>Fields that change an answer are obeyed or refused by name.</summary>
public sealed class FieldTests
{
    [Theory]
    [InlineData("/v1/chat/completions", "chat_template", "\"x\"")]
    [InlineData("/v1/chat/completions", "web_search_options", "{}")]
    [InlineData("/v1/chat/completions", "audio", "{\"voice\":\"alloy\",\"format\":\"wav\"}")]
    [InlineData("/v1/chat/completions", "verbosity", "\"low\"")]
    [InlineData("/v1/chat/completions", "function_call", "{\"name\":\"f\"}")]
    [InlineData("/v1/chat/completions", "reasoning_effort", "\"high\"")]
    [InlineData("/v1/chat/completions", "continue_final_message", "true")]
    [InlineData("/v1/chat/completions", "bad_words", "[\"x\"]")]
    [InlineData("/v1/chat/completions", "echo", "true")]
    [InlineData("/v1/completions", "suffix", "\"x\"")]
    [InlineData("/v1/completions", "use_beam_search", "true")]
    [InlineData("/v1/completions", "include_stop_str_in_output", "true")]
    [InlineData("/v1/completions", "prompt_logprobs", "1")]
    [InlineData("/v1/completions", "skip_special_tokens", "false")]
    public async Task What_is_not_obeyed_is_refused_by_name(string path, string field, string value)
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("a"));
        using var answer = await front.Post(path, $$"""{"messages":[{"role":"user","content":"Hi"}],"prompt":"Hi","{{field}}":{{value}}}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = (await TestFront.Json(answer))["error"]!;
        Assert.Equal(field, (string?)error["param"]);
        Assert.Contains($"'{field}'", (string?)error["message"], StringComparison.Ordinal);
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
        await using var front = await TestFront.Start(ScriptedGeneration.Of("a"));
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
}
