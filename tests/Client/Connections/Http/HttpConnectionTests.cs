using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Client.Connections;
using Crescent.Client.Connections.Http;
using Crescent.Client.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.AI;

namespace Crescent.Tests.Client.Connections.Http;

public sealed class HttpConnectionTests : IAsyncLifetime
{
    private const string Answer =
        """
        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}

        : a comment keeps the line alive

        data: {"choices":[{"index":0,"delta":{"content":"L'été "},"finish_reason":null}],"usage":null}

        data: {"choices":[{"index":0,"delta":{"content":"à 日本 🌙"},"finish_reason":null}],"usage":null}

        data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}

        data: {"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17,"crescent":{"queue_seconds":0.001,"prefill_seconds":0.02,"decode_seconds":0.2,"joules":1.5,"device":"device-1/cpu"}}}

        data: [DONE]


        """;

    private static readonly ChatMessage[] Messages = [new(ChatRole.User, "hi")];
    private static readonly ChatOptions Greedy = new() { Temperature = 0, TopP = 1 };

    private FrontEnd _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await FrontEnd.Start();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(100_000)]
    public async Task An_answer_survives_being_cut_anywhere(int pieceBytes)
    {
        var pieces = Encoding.UTF8.GetBytes(Answer.ReplaceLineEndings("\n")).Chunk(pieceBytes).ToArray();
        _server.Chat = context => FrontEnd.Events(context, pieces);
        var answer = await Follow();
        Assert.Equal(("L'été à 日本 🌙", "stop"), (answer.Text, answer.FinishReason));
        Assert.Equal(FakeFactory.Usage, answer.Usage);
    }

    [Fact]
    public async Task The_request_is_openais_with_usage_asked_for()
    {
        await Follow(new ChatOptions { MaxOutputTokens = 9, Temperature = .5f, TopP = .25f, Seed = 7, ConversationId = "s-1" }, "/v1/");
        Assert.Equal(["/v1/models", "/v1/chat/completions"], _server.Paths);
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse(
                """
                {"model":"crescent-tiny","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true},
                 "temperature":0.5,"top_p":0.25,"max_completion_tokens":9,"seed":7,"session_id":"s-1"}
                """),
            JsonNode.Parse(_server.Asked)), _server.Asked);
    }

    [Fact]
    public async Task What_is_left_open_is_not_sent()
    {
        await Follow();
        var body = JsonNode.Parse(_server.Asked)!.AsObject();
        Assert.False(body.ContainsKey("seed") || body.ContainsKey("max_completion_tokens") || body.ContainsKey("session_id"));
    }

    [Fact]
    public async Task The_model_is_asked_for_once()
    {
        await using var connection = new HttpConnection(_server.Url, TimeSpan.FromSeconds(30));
        for (var i = 0; i < 2; i++)
        {
            await connection.Chat(Messages, Greedy, Cancel).ToArrayAsync(Cancel);
        }

        Assert.Single(_server.Paths, "/v1/models");
    }

    [Fact]
    public async Task An_error_object_speaks_for_itself()
    {
        _server.Chat = context => FrontEnd.Status(context, 400, """{"error":{"message":"The prompt has 3000 tokens; the context has 2048.","type":"invalid_request_error","param":"messages"}}""");
        var failure = await Assert.ThrowsAsync<FactoryException>(() => Follow());
        Assert.Equal("The prompt has 3000 tokens; the context has 2048.", failure.Message);
        Assert.Contains("Change the prompt", failure.Remedy);
        Assert.False(failure.ConnectionLost);
    }

    [Theory]
    [InlineData(503, "try again soon")]
    [InlineData(404, "must be a Crescent front end")]
    [InlineData(500, "front end's log")]
    public async Task A_refusal_without_an_error_object_names_the_status(int status, string remedy)
    {
        _server.Chat = context => FrontEnd.Status(context, status, "<html>");
        var failure = await Assert.ThrowsAsync<FactoryException>(() => Follow());
        Assert.Contains($"replied {status}", failure.Message);
        Assert.Contains(remedy, failure.Remedy);
    }

    [Fact]
    public async Task Signs_of_life_are_waited_on_and_thoughts_are_counted_not_shown()
    {
        _server.Chat = context => FrontEnd.Events(
            context,
            [.. new[]
            {
                ": waiting\n\n",
                """data: {"choices":[{"delta":{"reasoning_content":"Hm."}}]}""" + "\n\n",
                """data: {"choices":[{"delta":{"content":"71"},"finish_reason":"stop"}]}""" + "\n\n",
                """data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":9,"completion_tokens_details":{"reasoning_tokens":7}}}""" + "\n\ndata: [DONE]\n\n",
            }.Select(Encoding.UTF8.GetBytes)]);
        var answer = await Follow();
        Assert.Equal(("71", 7L), (answer.Text, answer.ThoughtTokens));
        Assert.StartsWith("1 tokens in, 9 out, 7 of them thoughts", Crescent.Client.Rendering.AnswerSummary.Of(answer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_in_the_stream_ends_the_answer()
    {
        _server.Chat = context => FrontEnd.Events(
            context, Encoding.UTF8.GetBytes("""data: {"error":{"message":"The device failed.","type":"server_error","retry_after":7}}""" + "\n\n"));
        var failure = await Assert.ThrowsAsync<FactoryException>(() => Follow());
        Assert.Equal(("The device failed.", "Try again in 7 s."), (failure.Message, failure.Remedy));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_that_ends_before_its_answer_broke_off(bool abort)
    {
        var shown = new StringBuilder();
        _server.Chat = async context =>
        {
            await FrontEnd.Events(context, Encoding.UTF8.GetBytes(Answer[..Answer.IndexOf("data: {\"choices\":[{\"index\":0,\"delta\":{},", StringComparison.Ordinal)]));
            if (abort)
            {
                context.Abort();
            }
        };
        var failure = await Assert.ThrowsAsync<FactoryException>(() => Follow(show: t => shown.Append(t)));
        Assert.Contains("broke off", failure.Message);
        Assert.True(failure.ConnectionLost);
        Assert.Equal(abort ? shown.ToString() : "L'été à 日本 🌙", shown.ToString());
    }

    [Fact]
    public async Task A_silent_front_end_misses_the_deadline()
    {
        _server.Chat = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        await using var connection = new HttpConnection(_server.Url, TimeSpan.FromSeconds(.5));
        var failure = await Assert.ThrowsAsync<FactoryException>(() => connection.Chat(Messages, Greedy, Cancel).ToArrayAsync(Cancel).AsTask());
        Assert.Contains("gave no sign for 0.5 s", failure.Message);
        Assert.Contains("--timeout", failure.Remedy);
    }

    [Fact]
    public async Task Cancelling_closes_the_request()
    {
        using var source = new CancellationTokenSource();
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.Chat = async context =>
        {
            context.RequestAborted.Register(() => aborted.TrySetResult());
            await FrontEnd.Events(context, Encoding.UTF8.GetBytes("""data: {"choices":[{"delta":{"content":"23"}}]}""" + "\n\n"));
            await aborted.Task;
        };
        var answer = await Follow(show: _ => source.Cancel(), cancel: source.Token);
        Assert.Equal(("23", Crescent.Client.Conversations.Answer.Cancelled), (answer.Text, answer.FinishReason));
        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task Nothing_at_the_address_says_how_to_start_something_there()
    {
        var url = _server.Url;
        await _server.DisposeAsync();
        await using var connection = new HttpConnection(url, TimeSpan.FromSeconds(30));
        var failure = await Assert.ThrowsAsync<FactoryException>(() => connection.GetFactory(Cancel));
        Assert.Equal($"Nothing answers at {url.GetLeftPart(UriPartial.Authority)}", failure.Message);
        Assert.Contains("dotnet run -c Release --project silo", failure.Remedy);
    }

    [Fact]
    public async Task The_factory_comes_in_snake_case()
    {
        var json = JsonSerializer.Serialize(FakeFactory.Snapshot, WireJson.Line.FactorySnapshot);
        Assert.Contains("tokens_per_second", json);
        _server.Factory = context => FrontEnd.Status(context, 200, json);
        await using var connection = new HttpConnection(_server.Url, TimeSpan.FromSeconds(30));
        var factory = await connection.GetFactory(Cancel);
        Assert.Equal(FakeFactory.Snapshot.Silos, factory.Silos);
        Assert.Equal(FakeFactory.Snapshot.Devices, factory.Devices);
    }

    [Theory]
    [InlineData("<html>hello</html>")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    public async Task Another_kind_of_server_is_told_apart(string body)
    {
        _server.Factory = context => FrontEnd.Status(context, 200, body);
        await using var connection = new HttpConnection(_server.Url, TimeSpan.FromSeconds(30));
        Assert.Contains("not as a Crescent front end", (await Assert.ThrowsAsync<FactoryException>(() => connection.GetFactory(Cancel))).Message);
        _server.Models = _server.Factory;
        Assert.Contains("not as a Crescent front end", (await Assert.ThrowsAsync<FactoryException>(() => Follow())).Message);
    }

    [Theory]
    [InlineData(true, "POST")]
    [InlineData(false, "DELETE")]
    public async Task A_devices_name_reaches_the_front_end_whatever_is_in_it(bool drained, string method)
    {
        var asked = "";
        _server.Other = context =>
        {
            asked = $"{context.Request.Method} {context.Features.Get<IHttpRequestFeature>()!.RawTarget}";
            context.Response.StatusCode = 204;
            return Task.CompletedTask;
        };
        await using var connection = new HttpConnection(_server.Url, TimeSpan.FromSeconds(30));
        await connection.Drain("silo 1/sim:h100/0?", drained, Cancel);
        Assert.Equal($"{method} /v1/factory/devices/silo%201/sim%3Ah100%2F0%3F/drain", asked);
    }

    [Theory]
    [InlineData("decision_not_found", "Check the id, such as chatcmpl-…")]
    [InlineData("device_not_found", "Name one of the factory's devices")]
    [InlineData("unknown_url", "must be a Crescent front end")]
    public async Task What_is_not_found_has_its_own_remedy(string code, string remedy)
    {
        _server.Other = context => FrontEnd.Status(context, 404, $$$"""{"error":{"message":"It is not there.","type":"invalid_request_error","code":"{{{code}}}"}}""");
        await using var connection = new HttpConnection(_server.Url, TimeSpan.FromSeconds(30));
        var failure = await Assert.ThrowsAsync<FactoryException>(() => connection.GetDecisions("x", Cancel));
        Assert.Equal("It is not there.", failure.Message);
        Assert.Contains(remedy, failure.Remedy);
    }

    private async Task<Crescent.Client.Conversations.Answer> Follow(
        ChatOptions? options = null, string path = "", Action<string>? show = null, CancellationToken? cancel = null)
    {
        await using var connection = new HttpConnection(new Uri(_server.Url, path), TimeSpan.FromSeconds(30));
        var stop = cancel ?? Cancel;
        return await Crescent.Client.Conversations.Answer.Follow(connection.Chat(Messages, options ?? Greedy, stop), show ?? (_ => { }), stop);
    }
}
