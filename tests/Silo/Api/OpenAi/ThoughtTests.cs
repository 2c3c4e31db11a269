using System.Net;
using System.Text.Json.Nodes;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>What a model thinks before it answers, over HTTP.</summary>
public sealed class ThoughtTests
{
    private const string Path = "/v1/chat/completions";
    private const string Ask = """{"messages":[{"role":"user","content":"What is 23 + 48?"}]""";

    /// <summary>A model that opens its thoughts itself, and takes earlier ones out.</summary>
    private const string Opens = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content.split('</think>')[-1] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    /// <summary>One whose prompt opens them.</summary>
    private const string Opened = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content.split('</think>')[-1] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{{ '<think>\\n' }}{% endif %}";

    private static readonly string[] Thinks = ["<think>\nLet", " me see.", "\n</th", "ink>\n\n23", " + 48 = 71"];

    [Fact]
    public async Task A_thought_is_no_content_and_is_counted()
    {
        using var model = TemporaryModel.Of(Opens);
        await using var front = await TestFront.Start(ScriptedGeneration.Of(Thinks), model: model.Path);
        using var answer = await front.Post(Path, Ask + "}");
        var json = await TestFront.Json(answer);
        var message = json["choices"]![0]!["message"]!;
        Assert.Equal(("Let me see.", "23 + 48 = 71"), ((string?)message["reasoning_content"], (string?)message["content"]));
        Assert.Equal((5, 4), ((int)json["usage"]!["completion_tokens"]!, (int)json["usage"]!["completion_tokens_details"]!["reasoning_tokens"]!));
    }

    [Fact]
    public async Task A_thought_is_streamed_before_the_content()
    {
        using var model = TemporaryModel.Of(Opens);
        await using var front = await TestFront.Start(ScriptedGeneration.Of(Thinks), model: model.Path);
        var deltas = await Deltas(front, Ask + ""","stream":true,"stream_options":{"include_usage":true}}""");
        Assert.Equal("Let me see.", string.Concat(deltas.Select(static delta => (string?)delta["reasoning_content"])));
        Assert.Equal("23 + 48 = 71", string.Concat(deltas.Select(static delta => (string?)delta["content"])));
        var thought = deltas.FindLastIndex(static delta => delta["reasoning_content"] is not null);
        Assert.True(thought < deltas.FindIndex(static delta => ((string?)delta["content"])?.Length > 0));
        Assert.Equal("Let", (string?)deltas.First(static delta => delta["reasoning_content"] is not null)["reasoning_content"]);
    }

    [Fact]
    public async Task A_thought_that_the_prompt_has_opened_needs_no_opening_and_a_structure_waits_for_its_end()
    {
        using var model = TemporaryModel.Of(Opened);
        var generation = ScriptedGeneration.Of("Let me see.", "</think>", "\n{}");
        await using var front = await TestFront.Start(generation, model: model.Path);
        using var answer = await front.Post(Path, Ask + ""","response_format":{"type":"json_object"}}""");
        var message = (await TestFront.Json(answer))["choices"]![0]!["message"]!;
        Assert.Equal(("Let me see.", "{}"), ((string?)message["reasoning_content"], (string?)message["content"]));
        var structure = Assert.Single(generation.Calls).Sampling.Structure!;
        Assert.Equal(("</think>", true, GrammarKind.JsonObject), (structure.Trigger, structure.Once, structure.Source.Kind));
    }

    [Theory]
    [InlineData(""","include_reasoning":false""", null, "23 + 48 = 71")]
    [InlineData(""","separate_reasoning":false""", null, "<think>\nLet me see.\n</think>\n\n23 + 48 = 71")]
    public async Task A_thought_is_left_out_or_left_in_where_that_is_asked_for(string field, string? thought, string content)
    {
        using var model = TemporaryModel.Of(Opens);
        await using var front = await TestFront.Start(ScriptedGeneration.Of(Thinks), model: model.Path);
        using var answer = await front.Post(Path, Ask + field + "}");
        var message = (await TestFront.Json(answer))["choices"]![0]!["message"]!;
        Assert.Equal((thought, content), ((string?)message["reasoning_content"], (string?)message["content"]));
        var deltas = await Deltas(front, Ask + field + ""","stream":true}""");
        Assert.Equal(content, string.Concat(deltas.Select(static delta => (string?)delta["content"])));
        Assert.All(deltas, static delta => Assert.Null(delta["reasoning_content"]));
    }

    [Fact]
    public async Task A_call_of_a_tool_follows_a_thought()
    {
        using var model = TemporaryModel.Of(Opens + "{# <tool_call> #}");
        await using var front = await TestFront.Start(
            ScriptedGeneration.Of("<think>I could <tool_call>", "</think>", "<tool_call>\n{\"name\": \"add\", ", "\"arguments\": {}}\n</tool_call>"), model: model.Path);
        using var answer = await front.Post(Path, Ask + ""","tools":[{"type":"function","function":{"name":"add"}}]}""");
        var choice = (await TestFront.Json(answer))["choices"]![0]!;
        Assert.Equal("I could <tool_call>", (string?)choice["message"]!["reasoning_content"]);
        Assert.Equal("add", (string?)Assert.Single(choice["message"]!["tool_calls"]!.AsArray())!["function"]!["name"]);
        Assert.Equal("tool_calls", (string?)choice["finish_reason"]);
    }

    [Fact]
    public async Task An_answer_goes_on_with_the_last_message()
    {
        var generation = ScriptedGeneration.Of("1");
        await using var front = await TestFront.Start(generation);
        const string Turns = """{"messages":[{"role":"user","content":"What is 23 + 48?"},{"role":"assistant","content":"23 + 48 = 7" """;
        foreach (var body in new[] { Turns + """}],"continue_final_message":true,"add_generation_prompt":false}""", Turns + ""","prefix":true}]}""", Turns + ""","partial":true}]}""" })
        {
            using var answer = await front.Post(Path, body);
            Assert.Equal("1", (string?)(await TestFront.Json(answer))["choices"]![0]!["message"]!["content"]);
            Assert.EndsWith(
                "What is 23 + 48?<|im_end|>\n<|im_start|>assistant\n23 + 48 = 7", front.Model.Tokenizer.Decode(generation.Calls.Last().Prompt, withSpecial: true), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"Hi"}],"continue_final_message":true}""", "continue_final_message")]
    [InlineData("""{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"a"}],"continue_final_message":true,"add_generation_prompt":true}""", "add_generation_prompt")]
    [InlineData("""{"messages":[{"role":"assistant","content":"a","prefix":true},{"role":"user","content":"Hi"}]}""", "messages[0].prefix")]
    [InlineData("""{"messages":[{"role":"user","content":"Hi","partial":true}]}""", "messages[0].partial")]
    public async Task What_cannot_be_gone_on_with_is_refused(string body, string field)
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("1"));
        using var answer = await front.Post(Path, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(field, (string?)(await TestFront.Json(answer))["error"]!["param"]);
    }

    private static async Task<List<JsonNode>> Deltas(TestFront front, string body)
    {
        using var answer = await front.Post(Path, body);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return [.. text.Split('\n')
            .Where(static line => line.StartsWith("data: {", StringComparison.Ordinal))
            .SelectMany(static line => JsonNode.Parse(line[6..])!["choices"]!.AsArray())
            .Select(static choice => choice!["delta"]!)];
    }
}
