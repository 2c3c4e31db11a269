using System.Net;
using System.Text.Json.Nodes;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Streams;
using Crescent.Silo.Configuration;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>The ways in which a completion ends other than well.</summary>
public sealed class EndTests
{
    private const string Body = """{"prompt":"Once","max_tokens":100}""";
    private const string StreamBody = """{"prompt":"Once","max_tokens":100,"stream":true}""";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(RefusalReason.Overloaded, HttpStatusCode.TooManyRequests, "7")]
    [InlineData(RefusalReason.Stopping, HttpStatusCode.ServiceUnavailable, "7")]
    [InlineData(RefusalReason.Unavailable, HttpStatusCode.ServiceUnavailable, "7")]
    [InlineData(RefusalReason.TooLong, HttpStatusCode.BadRequest, null)]
    public async Task A_refusal_is_a_status_also_for_a_stream(RefusalReason reason, HttpStatusCode status, string? retryAfter)
    {
        await using var front = await TestFront.Start(
            ScriptedGeneration.Failing(new RequestRefusedException(reason, "Not now.", TimeSpan.FromSeconds(6.5))));
        foreach (var body in new[] { Body, StreamBody })
        {
            using var answer = await front.Post("/v1/completions", body);
            Assert.Equal(status, answer.StatusCode);
            Assert.Equal(retryAfter, answer.Headers.RetryAfter?.ToString());
            Assert.Equal("Not now.", (string?)(await TestFront.Json(answer))["error"]!["message"]);
        }
    }

    [Theory]
    [InlineData(true, 7)]
    [InlineData(false, null)]
    public async Task A_refusal_behind_the_first_token_says_in_the_event_when_to_come_back(bool isRefused, int? seconds)
    {
        await using var front = await TestFront.Start(new ScriptedGeneration((_, _) => BrokenOff(
            isRefused ? new RequestRefusedException(RefusalReason.Overloaded, "Not now.", TimeSpan.FromSeconds(6.5)) : new InvalidOperationException("secret"))));
        using var answer = await front.Post("/v1/completions", StreamBody);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var last = (await answer.Content.ReadAsStringAsync(Stop)).Split("data: ", StringSplitOptions.RemoveEmptyEntries)[^1];
        var error = JsonNode.Parse(last)!["error"]!.AsObject();
        Assert.Equal((seconds, seconds is not null), ((int?)error["retry_after"], error.ContainsKey("retry_after")));
    }

    [Fact]
    public async Task The_more_calls_are_refused_the_later_they_are_told_to_come_back()
    {
        await using var front = await TestFront.Start(
            ScriptedGeneration.Failing(new RequestRefusedException(RefusalReason.Unavailable, "No device.", TimeSpan.FromSeconds(1))));
        var told = new List<TimeSpan>();
        for (var i = 0; i < 12; i++)
        {
            using var answer = await front.Post("/v1/completions", Body);
            told.Add(answer.Headers.RetryAfter!.Delta!.Value);
        }

        Assert.Equal(TimeSpan.FromSeconds(1), told[0]);
        Assert.True(told[^1] >= TimeSpan.FromSeconds(3), $"after 12 refusals: {told[^1]}");
    }

    [Fact]
    public async Task A_failure_inside_is_not_told_outside()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Failing(new InvalidOperationException("secret")));
        using var answer = await front.Post("/v1/completions", Body);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        var json = await TestFront.Json(answer);
        Assert.Equal("server_error", (string?)json["error"]!["type"]);
        Assert.DoesNotContain("secret", json.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_requests_than_the_limit_are_told_to_come_back()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Endless(), new HttpOptions { MaxRequests = 1 });
        using var first = await front.Post("/v1/completions", StreamBody);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        using var second = await front.Post("/v1/completions", Body);
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.NotNull(second.Headers.RetryAfter);
    }

    [Fact]
    public async Task A_client_that_leaves_ends_its_generation()
    {
        var generation = ScriptedGeneration.Endless();
        await using var front = await TestFront.Start(generation);
        using (var answer = await front.Post("/v1/completions", StreamBody))
        {
            var stream = await answer.Content.ReadAsStreamAsync(Stop);
            Assert.True(await stream.ReadAsync(new byte[1], Stop) > 0);
            Assert.Equal(1, front.Gate.InFlight);
        }

        await generation.Left.Task.WaitAsync(TimeSpan.FromSeconds(10), Stop);
    }

    [Fact]
    public async Task A_completion_that_takes_too_long_ends_with_a_timeout()
    {
        var generation = ScriptedGeneration.Endless();
        await using var front = await TestFront.Start(generation, new HttpOptions { RequestSeconds = 1 });
        using var whole = await front.Post("/v1/completions", Body);
        Assert.Equal(HttpStatusCode.GatewayTimeout, whole.StatusCode);
        using var streamed = await front.Post("/v1/completions", StreamBody);
        var events = await streamed.Content.ReadAsStringAsync(Stop);
        Assert.Contains("\"code\":\"timeout\"", events, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", events, StringComparison.Ordinal);
        Assert.Equal(0, front.Gate.InFlight);
    }

    [Fact]
    public async Task A_stop_lets_what_is_in_flight_end_and_refuses_the_rest()
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var front = await TestFront.Start(new ScriptedGeneration((call, _) => After(go.Task, call.Prompt.Length)));
        var inFlight = front.Post("/v1/completions", Body);
        await Until(() => front.Gate.InFlight == 1);
        var stopping = front.Stop();
        await Until(() => front.Gate.IsDraining);
        using var refused = await front.Post("/v1/completions", Body);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.False(stopping.IsCompleted);
        go.SetResult();
        using var answer = await inFlight;
        Assert.Equal("done", (string?)(await TestFront.Json(answer))["choices"]![0]!["text"]);
        await stopping.WaitAsync(TimeSpan.FromSeconds(10), Stop);
    }

    [Fact]
    public async Task A_stop_cuts_off_what_does_not_end_in_time()
    {
        var generation = ScriptedGeneration.Endless();
        await using var front = await TestFront.Start(generation, drainSeconds: 0);
        using var answer = await front.Post("/v1/completions", StreamBody);
        await front.Stop().WaitAsync(TimeSpan.FromSeconds(10), Stop);
        Assert.Contains("\"code\":\"unavailable\"", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        await generation.Left.Task.WaitAsync(TimeSpan.FromSeconds(10), Stop);
    }

    private static async IAsyncEnumerable<Crescent.Grains.Streams.GenerationChunk> After(Task go, int promptTokens)
    {
        await go;
        yield return new([1], "done", "stop", ScriptedGeneration.Usage(promptTokens, 1));
    }

    private static async Task Until(Func<bool> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(10));
        while (!condition())
        {
            await Task.Delay(5, deadline.Token);
        }
    }

    private static async IAsyncEnumerable<GenerationChunk> BrokenOff(Exception exception)
    {
        yield return new GenerationChunk([1], "a", null, null);
        await Task.Yield();
        throw exception;
    }
}
