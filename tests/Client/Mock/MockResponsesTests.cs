using System.ClientModel;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Crescent.Client.Load.Draws;
using Crescent.Client.Mock;
using OpenAI;
using OpenAI.Responses;

namespace Crescent.Tests.Client.Mock;

/// <summary>The mock server's <c>/v1/responses</c>.</summary>
public sealed class MockResponsesTests : IAsyncDisposable
{
    private readonly MockServer _server = MockServer.Start(
        new MockOptions { FirstSeconds = Distribution.Constant(0), GapSeconds = Distribution.Constant(0), ReasoningTokens = 2, TokensPerChunk = 2, JoulesPerToken = 0.5 }, new IPEndPoint(IPAddress.Loopback, 0));

    private readonly HttpClient _http = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_stream_opens_tells_and_closes_each_item_by_named_and_numbered_events()
    {
        var events = await Events("""{"model":"mock","input":"a b c","stream":true,"max_output_tokens":5}""");
        Assert.Equal(
            [
                "response.created", "response.in_progress",
                "response.output_item.added", "response.content_part.added", "response.reasoning_text.delta", "response.reasoning_text.done", "response.content_part.done", "response.output_item.done",
                "response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.delta", "response.output_text.done", "response.content_part.done", "response.output_item.done",
                "response.incomplete",
            ],
            events.Select(static one => one.Name));
        Assert.All(events, static one => Assert.Equal(one.Name, (string?)one.Data["type"]));
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(static one => (int)one.Data["sequence_number"]!));
        Assert.Equal((0, 1), ((int)events[2].Data["output_index"]!, (int)events[8].Data["output_index"]!));

        var response = events[^1].Data["response"]!;
        Assert.Equal((" word word", " word word word"), ((string?)response["output"]![0]!["content"]![0]!["text"], (string?)response["output"]![1]!["content"]![0]!["text"]));
        Assert.Equal("max_output_tokens", (string?)response["incomplete_details"]!["reason"]);
        var usage = response["usage"]!;
        Assert.Equal((2 + MockRequest.TemplateTokens, 5, 2), ((int)usage["input_tokens"]!, (int)usage["output_tokens"]!, (int)usage["output_tokens_details"]!["reasoning_tokens"]!));
        Assert.Equal(2.5, (double)usage["energy"]!["joules"]!);
    }

    [Fact]
    public async Task A_whole_answer_has_what_the_last_event_has()
    {
        var last = (await Events("""{"model":"mock","input":"a b","stream":true,"max_output_tokens":6}"""))[^1].Data["response"]!;
        using var reply = await Post("""{"model":"mock","input":"a b","max_output_tokens":6}""");
        var whole = (await reply.Content.ReadFromJsonAsync<JsonNode>(Cancel))!;
        foreach (var name in (string[])["object", "status", "model", "usage"])
        {
            Assert.Equal(last[name]!.ToJsonString(), whole[name]!.ToJsonString());
        }

        Assert.Equal(2, whole["output"]!.AsArray().Count);
    }

    [Fact]
    public async Task OpenAIs_client_reads_it()
    {
        var client = new OpenAIClient(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(_server.Url, "/v1") }).GetResponsesClient();
        var options = new CreateResponseOptions("mock", [ResponseItem.CreateUserMessageItem("Hello there")]);
        var whole = (await client.CreateResponseAsync(options, Cancel)).Value;
        Assert.Equal((string.Concat(Enumerable.Repeat(" word", MockOptions.DefaultTokens - 2)), ResponseStatus.Completed), (whole.GetOutputText(), whole.Status));
        Assert.Equal(MockOptions.DefaultTokens, whole.Usage.OutputTokenCount);
        options.StreamingEnabled = true;
        var text = new StringBuilder();
        ResponseResult? last = null;
        await foreach (var update in await client.CreateResponseStreamingAsync(options, Cancel))
        {
            text.Append((update as StreamingResponseOutputTextDeltaUpdate)?.Delta);
            last = (update as StreamingResponseCompletedUpdate)?.Response ?? last;
        }

        Assert.Equal((whole.GetOutputText(), whole.GetOutputText()), (text.ToString(), last!.GetOutputText()));
    }

    [Fact]
    public async Task What_it_cannot_go_on_from_is_refused_by_name()
    {
        using var reply = await Post("""{"model":"mock","input":"a","previous_response_id":"resp_1"}""");
        Assert.Equal(HttpStatusCode.BadRequest, reply.StatusCode);
        Assert.Contains("previous_response_id", await reply.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private async Task<List<(string Name, JsonNode Data)>> Events(string body)
    {
        using var reply = await Post(body);
        var blocks = (await reply.Content.ReadAsStringAsync(Cancel)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        return [.. blocks.Select(static block =>
        {
            var lines = block.Split('\n');
            return (lines[0]["event: ".Length..], JsonNode.Parse(lines[1]["data: ".Length..])!);
        })];
    }

    private async Task<HttpResponseMessage> Post(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await _http.PostAsync(new Uri(_server.Url, "/v1/responses"), content, Cancel);
    }
}
