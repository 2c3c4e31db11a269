using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Crescent.Sdk;
using Microsoft.Extensions.AI;

namespace Crescent.Tests.Sdk;

/// <summary>What goes out over HTTP, and what is made of what comes in.</summary>
public sealed class ChatBodyTests
{
    private const string Stream = """
        : keep-alive

        data: {"id":"chatcmpl-1","model":"m","created":5,"choices":[{"delta":{"role":"assistant","reasoning_content":"Let me "}}]}

        data: {"id":"chatcmpl-1","model":"m","created":5,"choices":[{"delta":{"reasoning_content":"see."}}]}

        data: {"id":"chatcmpl-1","choices":[{"delta":{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"add","arguments":"{\"a\""}}]}}]}

        data: {"id":"chatcmpl-1","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":": 2}"}}]}}]}

        data: {"id":"chatcmpl-1","choices":[{"delta":{},"finish_reason":"tool_calls"}]}

        data: {"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":8},"completion_tokens_details":{"reasoning_tokens":3},"crescent":{"joules":0.5,"device":"silo/cpu"}}}

        data: [DONE]

        """;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Thoughts_calls_and_usage_come_as_contents()
    {
        var server = new Scripted(HttpStatusCode.OK, Stream);
        var answer = await Client(server).GetResponseAsync("Add.", null, Stop);
        Assert.Equal("Let me see.", Assert.IsType<TextReasoningContent>(answer.Messages[0].Contents[0]).Text);
        var call = Assert.Single(answer.Messages[0].Contents.OfType<FunctionCallContent>());
        Assert.Equal(("call_1", "add", "2"), (call.CallId, call.Name, call.Arguments!["a"]!.ToString()));
        Assert.Equal(ChatFinishReason.ToolCalls, answer.FinishReason);
        Assert.Equal(("chatcmpl-1", "m", (DateTimeOffset?)DateTimeOffset.FromUnixTimeSeconds(5)), (answer.ResponseId, answer.ModelId, answer.CreatedAt));
        var usage = answer.Usage!;
        Assert.Equal(
            [9, 4, 13, 8, 3, 500],
            (long?[])[usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount, usage.CachedInputTokenCount, usage.ReasoningTokenCount, usage.AdditionalCounts!["millijoules"]]);
        var cost = answer.GetCrescentUsage()!;
        Assert.Equal(("silo/cpu", 0.5, 8), (cost.Device, cost.Joules, cost.CachedTokens));
    }

    [Fact]
    public async Task Options_and_a_talk_are_the_fields_of_the_api()
    {
        var server = new Scripted(HttpStatusCode.OK, Stream);
        ChatMessage[] talk =
        [
            new(ChatRole.User, "Add.") { AuthorName = "ann" },
            new(ChatRole.Assistant, [new TextReasoningContent("Hm."), new FunctionCallContent("call_1", "add", new Dictionary<string, object?> { ["a"] = 2 })]),
            new(ChatRole.Tool, [new FunctionResultContent("call_1", "2")]),
        ];
        var options = new ChatOptions
        {
            Instructions = "Be brief.",
            ModelId = "m",
            MaxOutputTokens = 7,
            TopK = 3,
            Seed = 1,
            StopSequences = ["x"],
            ConversationId = "talk",
            ToolMode = ChatToolMode.RequireSpecific("add"),
            Tools = [AIFunctionFactory.Create((int a) => a, "add", "Adds.")],
            AllowMultipleToolCalls = false,
            Reasoning = new ReasoningOptions { Effort = ReasoningEffort.ExtraHigh, Output = ReasoningOutput.None },
            ResponseFormat = ChatResponseFormat.Json,
            AdditionalProperties = new AdditionalPropertiesDictionary { ["priority"] = "batch" },
        };
        await Client(server).GetResponseAsync(talk, options, Stop);
        Assert.Equal("Bearer key", server.Authorization);
        var body = JsonNode.Parse(server.Body!)!.AsObject();
        var tools = body["tools"]!.DeepClone();
        body.Remove("tools");
        Assert.Equal("add", (string?)tools[0]!["function"]!["name"]);
        Assert.True(
            JsonNode.DeepEquals(
                JsonNode.Parse("""
                    {"model":"m","max_completion_tokens":7,"top_k":3,"seed":1,"session_id":"talk","stop":["x"],"response_format":{"type":"json_object"},"parallel_tool_calls":false,
                     "tool_choice":{"type":"function","function":{"name":"add"}},"reasoning_effort":"xhigh","include_reasoning":false,"priority":"batch",
                     "messages":[{"role":"system","content":"Be brief."},{"role":"user","name":"ann","content":"Add."},
                       {"role":"assistant","content":null,"reasoning_content":"Hm.","tool_calls":[{"id":"call_1","type":"function","function":{"name":"add","arguments":"{\"a\":2}"}}]},
                       {"role":"tool","tool_call_id":"call_1","content":"2"}],
                     "stream":true,"stream_options":{"include_usage":true}}
                    """),
                body),
            body.ToJsonString());
    }

    [Fact]
    public async Task A_call_goes_back_as_the_model_wrote_it_so_that_the_cache_has_it()
    {
        var first = await Client(new Scripted(HttpStatusCode.OK, Stream)).GetResponseAsync("Add.", null, Stop);
        var server = new Scripted(HttpStatusCode.OK, Stream);
        await Client(server).GetResponseAsync([new ChatMessage(ChatRole.User, "Add."), .. first.Messages], null, Stop);
        Assert.Equal("{\"a\": 2}", (string?)JsonNode.Parse(server.Body!)!["messages"]![1]!["tool_calls"]![0]!["function"]!["arguments"]);
    }

    [Fact]
    public async Task A_refusal_tells_status_code_field_and_when_to_come_again()
    {
        var server = new Scripted(HttpStatusCode.TooManyRequests, """{"error":{"message":"Too much.","code":"overloaded","param":"n"}}""") { RetryAfter = 3 };
        var refused = await Assert.ThrowsAsync<CrescentException>(() => Client(server).GetResponseAsync("Hi", null, Stop));
        Assert.Equal(("Too much.", (HttpStatusCode?)HttpStatusCode.TooManyRequests, "overloaded", "n", (TimeSpan?)TimeSpan.FromSeconds(3)), (refused.Message, refused.Status, refused.Code, refused.Field, refused.RetryAfter));
        var later = new Scripted(HttpStatusCode.ServiceUnavailable, """{"error":"no room"}""") { RetryAt = DateTimeOffset.UtcNow.AddHours(1) };
        var dated = await Assert.ThrowsAsync<CrescentException>(() => Client(later).GetResponseAsync("Hi", null, Stop));
        Assert.InRange(dated.RetryAfter!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(61));
        var html = await Assert.ThrowsAsync<CrescentException>(() => Client(new Scripted(HttpStatusCode.BadGateway, "<html>")).GetResponseAsync("Hi", null, Stop));
        Assert.Contains("502", html.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_ends_early_or_tells_of_a_fault_is_a_failure()
    {
        var cut = new Scripted(HttpStatusCode.OK, Stream[..Stream.IndexOf("data: [DONE]", StringComparison.Ordinal)]);
        Assert.Contains("broke off", (await Assert.ThrowsAsync<CrescentException>(() => Client(cut).GetResponseAsync("Hi", null, Stop))).Message, StringComparison.Ordinal);
        var fault = new Scripted(HttpStatusCode.OK, "data: {\"error\":{\"message\":\"The device died.\"}}\n\n");
        Assert.Equal("The device died.", (await Assert.ThrowsAsync<CrescentException>(() => Client(fault).GetResponseAsync("Hi", null, Stop))).Message);
    }

    [Fact]
    public async Task Thoughts_that_are_to_be_summed_up_are_refused() => Assert.Contains(
        "Summary",
        (await Assert.ThrowsAsync<NotSupportedException>(() => Client(new Scripted(HttpStatusCode.OK, Stream)).GetResponseAsync("Hi", new ChatOptions { Reasoning = new ReasoningOptions { Output = ReasoningOutput.Summary } }, Stop))).Message,
        StringComparison.Ordinal);

    private static HttpChatClient Client(Scripted server) => new(
        new HttpClient(server) { BaseAddress = new Uri("http://factory/") }, new CrescentClientOptions { Model = "m", Key = "key" });

    private sealed class Scripted(HttpStatusCode status, string body) : HttpMessageHandler
    {
        public string? Body { get; private set; }

        public string? Authorization { get; private set; }

        public int? RetryAfter { get; init; }

        public DateTimeOffset? RetryAt { get; init; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Body = await request.Content!.ReadAsStringAsync(cancellationToken);
            Authorization = request.Headers.Authorization?.ToString();
            var answer = new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8) };
            if (RetryAt is { } date)
            {
                answer.Headers.RetryAfter = new RetryConditionHeaderValue(date);
            }

            if (RetryAfter is { } seconds)
            {
                answer.Headers.Add("Retry-After", $"{seconds}");
            }

            return answer;
        }
    }
}
