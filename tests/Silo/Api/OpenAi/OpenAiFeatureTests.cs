using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenAI;
using OpenAI.Chat;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>Choices, logprobs, structured output and tools through the official client, on the embedded model.</summary>
public sealed class OpenAiFeatureTests(SiloFixture silo)
{
    private static readonly ChatTool Calculator = ChatTool.CreateFunctionTool(
        "calculator",
        "Calculates an expression.",
        BinaryData.FromString("""{"type":"object","properties":{"expression":{"type":"string"}},"required":["expression"],"additionalProperties":false}"""),
        functionSchemaIsStrict: true);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Several_choices_differ_by_their_seeds_and_the_first_is_the_one_that_would_come_alone()
    {
        var three = await Complete(Story("""
            ,"n":3
            """));
        var choices = Choices(three);
        Assert.Equal([0, 1, 2], three["choices"]!.AsArray().Select(c => (int)c!["index"]!));
        Assert.Equal(3, choices.Select(static c => c.Content[0].Text).Distinct().Count());
        Assert.All(choices, static c =>
        {
            Assert.Equal(ChatMessageRole.Assistant, c.Role);
            Assert.Contains(c.FinishReason, new[] { ChatFinishReason.Stop, ChatFinishReason.Length });
            Assert.NotEmpty(c.Content[0].Text);
        });
        var alone = Assert.Single(Choices(await Complete(Story(""))));
        Assert.Equal(choices[0].Content[0].Text, alone.Content[0].Text);
        Assert.Equal(choices[0].FinishReason, alone.FinishReason);

        // The prompt counts once, whatever is made of it.
        Assert.Equal(alone.Usage.InputTokenCount, choices[0].Usage.InputTokenCount);
        Assert.True(alone.Usage.OutputTokenCount < choices[0].Usage.OutputTokenCount);
    }

    [Fact]
    public async Task Logprobs_come_with_the_alternatives()
    {
        var options = new ChatCompletionOptions { Temperature = 0, IncludeLogProbabilities = true, TopLogProbabilityCount = 3 };
        var answer = (await (await Chat()).CompleteChatAsync([new UserChatMessage("What is 23 + 48?")], options, Stop)).Value;
        Assert.Equal("23 + 48 = 71", string.Concat(answer.ContentTokenLogProbabilities.Select(t => t.Token)).Replace("<|im_end|>", "", StringComparison.Ordinal));
        foreach (var token in answer.ContentTokenLogProbabilities)
        {
            Assert.InRange(token.LogProbability, -20, 0);
            Assert.Equal(3, token.TopLogProbabilities.Count);
            Assert.Equal(token.Token, token.TopLogProbabilities[0].Token);
            Assert.Equal(token.LogProbability, token.TopLogProbabilities[0].LogProbability, 1e-5);
        }
    }

    [Fact]
    public async Task A_text_completion_has_the_legacy_logprobs()
    {
        var answer = await Post("/v1/completions", """{"prompt":"Once upon a time","max_tokens":4,"temperature":0,"logprobs":2}""");
        var logprobs = answer["choices"]![0]!["logprobs"]!;
        Assert.Equal((string?)answer["choices"]![0]!["text"], string.Concat(logprobs["tokens"]!.AsArray().Select(t => (string?)t)));
        Assert.Equal(4, logprobs["token_logprobs"]!.AsArray().Count);
        Assert.All(logprobs["top_logprobs"]!.AsArray(), t => Assert.Equal(2, t!.AsObject().Count));
        Assert.Equal(0, (int)logprobs["text_offset"]![0]!);
    }

    [Fact]
    public async Task Best_of_sends_the_likeliest()
    {
        var best = await Post("/v1/completions", """{"prompt":"Once upon a time","max_tokens":12,"seed":5,"best_of":6,"n":1}""");
        var all = await Post("/v1/completions", """{"prompt":"Once upon a time","max_tokens":12,"seed":5,"n":6,"logprobs":0}""");
        var likeliest = all["choices"]!.AsArray().MaxBy(c => c!["logprobs"]!["token_logprobs"]!.AsArray().Average(l => (double)l!))!;
        Assert.Equal((string?)likeliest["text"], (string?)best["choices"]![0]!["text"]);
        Assert.Null(best["choices"]![0]!["logprobs"]);
    }

    [Fact]
    public async Task A_schema_is_kept()
    {
        var schema = """{"type":"object","properties":{"name":{"type":"string","maxLength":20},"age":{"type":"integer"}},"required":["name","age"],"additionalProperties":false}""";
        var options = new ChatCompletionOptions
        {
            Temperature = 1.5f,
            ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("person", BinaryData.FromString(schema), jsonSchemaIsStrict: true),
        };
        for (var i = 0; i < 10; i++)
        {
            var answer = (await (await Chat()).CompleteChatAsync([new UserChatMessage("Tell me a story about a fox.")], options, Stop)).Value;
            Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
            var person = JsonNode.Parse(answer.Content[0].Text)!.AsObject();
            Assert.Equal(["age", "name"], person.Select(p => p.Key).Order());
            Assert.Equal(JsonValueKind.Number, person["age"]!.GetValueKind());
        }
    }

    [Fact]
    public async Task A_choice_and_a_regex_are_kept()
    {
        var choice = await Post("/v1/chat/completions", Ask("Is the sky green?", """
            ,"response_format":{"type":"choice","choice":["perhaps","never"]}
            """));
        Assert.Contains((string?)choice["choices"]![0]!["message"]!["content"], new[] { "perhaps", "never" });
        var regex = await Post("/v1/chat/completions", Ask("Is the sky green?", """
            ,"structured_outputs":{"regex":"[a-c]{3}-[0-9]{2}"}
            """));
        Assert.Matches("^[a-c]{3}-[0-9]{2}$", (string?)regex["choices"]![0]!["message"]!["content"]);
    }

    [Fact]
    public async Task A_schema_that_cannot_be_enforced_is_refused_by_name()
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var answer = await http.PostAsync(
            "/v1/chat/completions",
            new StringContent(
                Ask("Hello", """
                    ,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"octopus"}}}
                    """),
                Encoding.UTF8,
                "application/json"),
            Stop);
        Assert.Equal(400, (int)answer.StatusCode);
        var error = (await answer.Content.ReadFromJsonAsync<JsonObject>(Stop))!["error"]!;
        Assert.Equal("response_format.json_schema.schema", (string?)error["param"]);
        Assert.Contains("type", (string?)error["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tool_is_called_and_its_result_answered()
    {
        var options = new ChatCompletionOptions { Temperature = 0, Tools = { Calculator } };
        List<ChatMessage> messages = [new UserChatMessage("What is 71 * 913?")];
        var asked = (await (await Chat()).CompleteChatAsync(messages, options, Stop)).Value;
        Assert.Equal(ChatFinishReason.ToolCalls, asked.FinishReason);
        var call = Assert.Single(asked.ToolCalls);
        Assert.Equal("calculator", call.FunctionName);
        Assert.Contains("913", (string?)JsonNode.Parse(call.FunctionArguments)!["expression"], StringComparison.Ordinal);
        messages.Add(new AssistantChatMessage(asked));
        messages.Add(new ToolChatMessage(call.Id, "64823"));
        var answered = (await (await Chat()).CompleteChatAsync(messages, options, Stop)).Value;
        Assert.Equal(ChatFinishReason.Stop, answered.FinishReason);
        Assert.Contains("64823", answered.Content[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tool_call_is_streamed_in_deltas()
    {
        var options = new ChatCompletionOptions { Temperature = 0, Tools = { Calculator } };
        var arguments = new StringBuilder();
        string? name = null;
        ChatFinishReason? reason = null;
        await foreach (var update in (await Chat()).CompleteChatStreamingAsync([new UserChatMessage("What is 71 * 913?")], options, Stop))
        {
            reason ??= update.FinishReason;
            foreach (var call in update.ToolCallUpdates)
            {
                name ??= call.FunctionName;
                arguments.Append(call.FunctionArgumentsUpdate.ToString());
            }

            Assert.DoesNotContain(update.ContentUpdate, static c => c.Text.Length > 0);
        }

        Assert.Equal("calculator", name);
        Assert.Equal(ChatFinishReason.ToolCalls, reason);
        Assert.NotNull(JsonNode.Parse(arguments.ToString())!["expression"]);
    }

    [Theory]
    [InlineData("What is 71 * 913?")]
    [InlineData("Tell me a story about a fox.")]
    [InlineData("Hello")]
    public async Task A_required_call_names_one_of_the_requests_tools_and_follows_its_schema(string question)
    {
        var tool = ChatTool.CreateFunctionTool(
            "launch_kite",
            "Launches a kite.",
            BinaryData.FromString("""{"type":"object","properties":{"height":{"type":"integer"},"color":{"enum":["red","blue"]}},"required":["height","color"],"additionalProperties":false}"""),
            functionSchemaIsStrict: true);
        var options = new ChatCompletionOptions { Temperature = 1, Tools = { Calculator, tool }, ToolChoice = ChatToolChoice.CreateFunctionChoice("launch_kite") };
        var answer = (await (await Chat()).CompleteChatAsync([new UserChatMessage(question)], options, Stop)).Value;
        var call = Assert.Single(answer.ToolCalls);
        Assert.Equal("launch_kite", call.FunctionName);
        var arguments = JsonNode.Parse(call.FunctionArguments)!;
        Assert.Equal(JsonValueKind.Number, arguments["height"]!.GetValueKind());
        Assert.Contains((string?)arguments["color"], new[] { "red", "blue" });
    }

    [Fact]
    public async Task A_prompt_seen_before_is_told_as_cached()
    {
        var prompt = string.Concat(Enumerable.Repeat("The fox and the hedgehog walked on. ", 12));
        var body = $$"""{"prompt":"{{prompt}}","max_tokens":2,"temperature":0}""";
        await Post("/v1/completions", body);
        var again = await Post("/v1/completions", body);
        var cached = (int)again["usage"]!["prompt_tokens_details"]!["cached_tokens"]!;
        Assert.InRange(cached, (int)again["usage"]!["prompt_tokens"]! - 16, (int)again["usage"]!["prompt_tokens"]! - 1);
    }

    [Fact]
    public async Task Text_becomes_tokens_and_tokens_text()
    {
        var tokens = await Post("/tokenize", """{"prompt":"What is 23 + 48?","return_token_strs":true}""");
        Assert.Equal((int)tokens["count"]!, tokens["tokens"]!.AsArray().Count);
        Assert.Equal(2048, (int)tokens["max_model_len"]!);
        Assert.Equal((int)tokens["count"]!, tokens["token_strs"]!.AsArray().Count);
        var text = await Post("/detokenize", new JsonObject { ["tokens"] = tokens["tokens"]!.DeepClone() }.ToJsonString());
        Assert.Equal("What is 23 + 48?", (string?)text["prompt"]);
        var chat = await Post("/tokenize", Ask("Hello", ""));
        Assert.True((int)chat["count"]! > 5);
    }

    [Fact]
    public async Task Metrics_have_vLLMs_names()
    {
        await Post("/v1/completions", """{"prompt":"Once upon a time","max_tokens":3,"temperature":0}""");
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        var text = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Stop);
        foreach (var name in new[]
        {
            "vllm:num_requests_running{", "vllm:num_requests_waiting{", "vllm:kv_cache_usage_perc{", "vllm:prefix_cache_queries_total{", "vllm:prefix_cache_hits_total{", "crescent:kv_index_stale ",
            "crescent:tenant_fairness{", "crescent:program_fairness{", "crescent:held_calls{", "crescent:holds_total{", "crescent:drafted_tokens_total{", "crescent:draft_accepted_tokens_total{", "vllm:num_preemptions_total{", "vllm:prompt_tokens_total{", "vllm:generation_tokens_total{", "vllm:time_to_first_token_seconds_bucket{",
            "vllm:inter_token_latency_seconds_count{", "vllm:request_queue_time_seconds_sum{", "vllm:request_success_total{",
        })
        {
            Assert.Contains("\n" + name, text, StringComparison.Ordinal);
        }

        Assert.Contains("finished_reason=\"length\"", text, StringComparison.Ordinal);
        Assert.Matches("vllm:time_to_first_token_seconds_count\\{model_name=\"crescent-tiny\"\\} [1-9]", text);
    }

    private static string Ask(string question, string more) => $$"""{"messages":[{"role":"user","content":"{{question}}"}],"temperature":0{{more}}}""";

    private static string Story(string more) =>
        $$"""{"messages":[{"role":"user","content":"Tell me a story about a fox."}],"seed":7,"temperature":1,"max_tokens":30{{more}}}""";

    /// <summary>Sends <paramref name="body"/> through the official client as it is: its options have no <c>n</c>.</summary>
    private async Task<JsonNode> Complete(string body)
    {
        var request = JsonNode.Parse(body)!;
        request["model"] = "crescent-tiny";
        using var content = BinaryContent.Create(BinaryData.FromString(request.ToJsonString()));
        var answer = await (await Chat()).CompleteChatAsync(content, new RequestOptions { CancellationToken = Stop });
        return JsonNode.Parse(answer.GetRawResponse().Content)!;
    }

    /// <summary>Every choice as the official client's type, which knows only the first of an answer.</summary>
    private static List<ChatCompletion> Choices(JsonNode answer) => [.. answer["choices"]!.AsArray().Select(choice =>
    {
        var one = answer.DeepClone();
        one["choices"] = new JsonArray(choice!.DeepClone());
        return ModelReaderWriter.Read<ChatCompletion>(BinaryData.FromString(one.ToJsonString()))!;
    })];

    private async Task<JsonNode> Post(string path, string body)
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var answer = await http.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"), Stop);
        var text = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private async Task<ChatClient> Chat() => new OpenAIClient(
        new ApiKeyCredential("none"),
        new OpenAIClientOptions { Endpoint = new Uri($"{await silo.Url()}/v1"), RetryPolicy = new ClientRetryPolicy(0) }).GetChatClient("crescent-tiny");
}
