using System.Net;
using System.Text;
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
    }

    [Fact]
    public async Task A_refusal_tells_status_code_field_and_when_to_come_again()
    {
        var server = new Scripted(HttpStatusCode.TooManyRequests, """{"error":{"message":"Too much.","code":"overloaded","param":"n"}}""") { RetryAfter = 3 };
        var refused = await Assert.ThrowsAsync<CrescentException>(() => Client(server).GetResponseAsync("Hi", null, Stop));
        Assert.Equal(("Too much.", (HttpStatusCode?)HttpStatusCode.TooManyRequests, "overloaded", "n", (TimeSpan?)TimeSpan.FromSeconds(3)), (refused.Message, refused.Status, refused.Code, refused.Field, refused.RetryAfter));
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

    private static HttpChatClient Client(Scripted server) => new(
        new HttpClient(server) { BaseAddress = new Uri("http://factory/") }, new CrescentClientOptions { Model = "m", Key = "key" });

    private sealed class Scripted(HttpStatusCode status, string body) : HttpMessageHandler
    {
        public string? Body { get; private set; }

        public string? Authorization { get; private set; }

        public int? RetryAfter { get; init; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Body = await request.Content!.ReadAsStringAsync(cancellationToken);
            Authorization = request.Headers.Authorization?.ToString();
            var answer = new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8) };
            if (RetryAfter is { } seconds)
            {
                answer.Headers.Add("Retry-After", $"{seconds}");
            }

            return answer;
        }
    }
}
