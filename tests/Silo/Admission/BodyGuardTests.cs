using System.Net;
using System.Net.Sockets;
using System.Text;
using Crescent.Grains.Streams;
using Crescent.Silo.Admission;
using Crescent.Silo.Configuration;
using Crescent.Tests.Grains.Streams;
using Crescent.Tests.Silo.Api;

namespace Crescent.Tests.Silo.Admission;

/// <summary>Bodies as they come over a socket: slowly, broken, too many at once.</summary>
public sealed class BodyGuardTests
{
    private const string Small = """{"prompt":"Hello"}""";

    [Fact]
    public async Task Who_sends_a_body_slowly_holds_no_place()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("fine"), new HttpOptions { MaxRequests = 1 });
        using var slow = await Socket(front, $"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {Small.Length}\r\n\r\n{Small[..5]}");
        await TestFront.Until(() => front.Work.Used > 0, "the slow body is being received");
        using var other = await front.Post("/v1/completions", Small);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        await slow.SendAsync(Encoding.ASCII.GetBytes(Small[5..]), TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 200", await Answer(slow), StringComparison.Ordinal);
        await TestFront.Until(() => front.Work.Used == 0, "nothing is held any more");
    }

    [Theory]
    [InlineData("8000000000000000\r\n{")]
    [InlineData("ffffffffffffffff\r\n{")]
    [InlineData("10000000000000000\r\n{")]
    [InlineData("-1\r\n{")]
    [InlineData("+12\r\n{}")]
    [InlineData("xyz\r\n{")]
    [InlineData("\r\n{}")]
    [InlineData("2\r\n{}xx")]
    public async Task A_chunk_of_no_size_that_there_is_is_the_callers_fault(string chunks)
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("fine"));
        using var socket = await Socket(
            front, $"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 4", await Answer(socket), StringComparison.Ordinal);
        await TestFront.Until(() => front.Work.Used == 0, "nothing is held any more");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_told_so_and_not_to_come_again()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("fine"), new HttpOptions { WorkMib = 2, MaxBodyBytes = 1 << 20 });
        using var socket = await Socket(front, "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n{");
        var answer = await Answer(socket);
        Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Retry-After", answer, StringComparison.Ordinal);
        Assert.Equal(0, front.Work.Used);
    }

    [Fact]
    public async Task A_connection_that_is_reset_leaves_nothing_behind()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Endless());
        for (var i = 0; i < 20; i++)
        {
            // Half of them in their body, half in their answer.
            var body = i % 2 == 0 ? Small[..5] : Small;
            using var socket = await Socket(front, $"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {Small.Length}\r\n\r\n{body}");
            socket.LingerState = new LingerOption(true, 0);
        }

        await TestFront.Until(() => front.Work.Used == 0 && front.Gate.InFlight == 0, "no request is left");
    }

    [Fact]
    public async Task What_is_beyond_the_budget_is_refused_at_once_and_short_requests_still_come_through()
    {
        using var texts = new TextWork();
        await using var front = await TestFront.Start(ScriptedGeneration.Of("fine"), new HttpOptions { WorkMib = 2, MaxBodyBytes = 1 << 20 }, texts: texts);
        using var release = new ManualResetEventSlim();
        var held = texts.Do(TextWork.LongBytes, () => release.Wait(TimeSpan.FromSeconds(60)), TestContext.Current.CancellationToken).AsTask();
        try
        {
            // Their bodies are there, and wait for the thread of long texts.
            var body = $$"""{"prompt":"{{new string('a', 900_000)}}"}""";
            var first = front.Post("/v1/completions", body);
            await TestFront.Until(() => front.Work.Used >= 900_000, "the first is received");
            var answers = await Task.WhenAny(Enumerable.Range(0, 2).Select(_ => front.Post("/v1/completions", body)));
            using var refused = await answers;
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
            using var small = await front.Post("/v1/completions", Small);
            Assert.Equal(HttpStatusCode.OK, small.StatusCode);
            release.Set();
            Assert.True(await held);
            using var done = await first;
            Assert.Equal(HttpStatusCode.BadRequest, done.StatusCode);
        }
        finally
        {
            release.Set();
        }

        await TestFront.Until(() => front.Work.Used == 0, "nothing is held any more");
    }

    [Fact]
    public async Task A_long_body_that_comes_slowly_holds_what_has_come_and_no_more()
    {
        var time = new ManualTimers(TimeProvider.System);
        await using var front = await TestFront.Start(ScriptedGeneration.Of("fine"), new HttpOptions { WorkMib = 2, MaxBodyBytes = 1 << 20 }, time: time);
        var body = $$"""{"prompt":"Hello","metadata":"{{new string('a', 900_000)}}"}""";
        using var slow = await Socket(front, $"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body[..5]}");
        await TestFront.Until(() => front.Work.Used >= body.Length, "all of it has its room");
        await TestFront.Until(
            () =>
            {
                time.Fire(BodyGuard.Grace);
                return front.Work.Used <= 1 << 12;
            },
            "it has no more than it holds");

        // Two others, which would not have fitted beside it, come through; then it does.
        for (var i = 0; i < 2; i++)
        {
            using var other = await front.Post("/v1/completions", body);
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        }

        await slow.SendAsync(Encoding.ASCII.GetBytes(body[5..]), TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 200", await Answer(slow), StringComparison.Ordinal);
        await TestFront.Until(() => front.Work.Used == 0, "nothing is held any more");
    }

    [Fact]
    public async Task An_answer_does_not_hold_the_budget_of_its_body()
    {
        var generation = ScriptedGeneration.Endless();
        await using var front = await TestFront.Start(generation);
        var answer = front.Post("/v1/completions", $$"""{"prompt":"Hello","stream":true,"metadata":"{{new string('a', 100_000)}}"}""");
        await TestFront.Until(() => !generation.Calls.IsEmpty, "it is being answered");
        Assert.Equal(0, front.Work.Used);
        using var begun = await answer;
    }

    private static async Task<Socket> Socket(TestFront front, string request)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, front.Http.BaseAddress!.Port, TestContext.Current.CancellationToken);
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        return socket;
    }

    private static async Task<string> Answer(Socket socket)
    {
        var buffer = new byte[1 << 12];
        var read = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        return Encoding.ASCII.GetString(buffer, 0, read);
    }
}
