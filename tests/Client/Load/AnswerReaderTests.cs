using System.Text;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Wire;
using CsCheck;

namespace Crescent.Tests.Client.Load;

public sealed class AnswerReaderTests
{
    private const string Head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n";

    private static readonly string[] Events =
    [
        """data: {"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""",
        ": a comment",
        """data: {"id":"1","choices":[{"index":0,"delta":{"reasoning_content":"hm \"x\" }"}}]}""",
        """data: {"id":"1","choices":[{"index":0,"delta":{"reasoning":" so","content":null}}]}""",
        """data:{"id":"1","choices":[{"delta":{"content":"Grün [DONE]"},"logprobs":null,"index":0}],"usage":null}""",
        """data: {"id":"1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}}]}""",
        """data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""",
        """data: {"id":"1","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":34,"prompt_tokens_details":{"cached_tokens":8},"completion_tokens_details":{"reasoning_tokens":5},"energy":{"joules":2.5,"source":"model","simulated":true}}}""",
        "data: [DONE]",
    ];

    [Fact]
    public void An_answer_is_read_the_same_in_whatever_pieces_it_comes()
    {
        var bytes = Chunked(Events, "\n\n", 57);
        Gen.Int[1, 400].Array[1, 40].Sample(pieces =>
        {
            var (parser, reader) = Make();
            var (at, place) = (0, 0);
            while (at < bytes.Length)
            {
                var count = Math.Min(pieces[place++ % pieces.Length], bytes.Length - at);
                reader.Now++;
                parser.Feed(bytes.AsSpan(at, count));
                at += count;
            }

            return parser.KeepAlive && reader.Whole && reader.Error is null
                && (reader.Chunks, reader.ReasoningChunks) == (4, 2)
                && reader.First > 0 && reader.First <= reader.Second && reader.Second <= reader.FirstOutput && reader.FirstOutput <= reader.Last
                && reader.Usage == new ServerUsage(12, 34, 5, 8, 2.5, Simulated: true, Modelled: true);
        });
    }

    [Theory]
    [InlineData("Retry-After: 3", 3.0)]
    [InlineData("retry-after:0.25 ", 0.25)]
    [InlineData("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", 0.0)]
    [InlineData("Retry-After: soon", null)]
    [InlineData("Retry-After: -1", null)]
    [InlineData("X-Retry: 3", null)]
    public void A_time_to_ask_again_is_read_in_seconds_or_as_a_date(string header, double? seconds)
    {
        var (parser, _) = Make();
        parser.Feed(Encoding.ASCII.GetBytes($"HTTP/1.1 429 Too Many\r\n{header}\r\nContent-Length: 0\r\n\r\n"));
        Assert.Equal((true, seconds), (parser.Done, parser.RetryAfterSeconds));
        parser.Reset();
        Assert.Null(parser.RetryAfterSeconds);
    }

    [Theory]
    [InlineData("\r\n\r\n")]
    [InlineData("\n\n")]
    public void Both_line_ends_are_read(string end)
    {
        var (parser, reader) = Make();
        parser.Feed(Chunked(Events, end, 1000));
        Assert.Equal((4, true), (reader.Chunks, reader.Whole));
    }

    [Fact]
    public void A_stream_allocates_nothing_a_token()
    {
        var (parser, reader) = Make();
        reader.Gaps = Histogram.OfTimes();
        var events = Enumerable.Repeat("""data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}""", 1000).ToArray();
        var bytes = Chunked(events, "\n\n", 311);
        parser.Feed(bytes.AsSpan(0, 1000));
        var before = GC.GetAllocatedBytesForCurrentThread();
        parser.Feed(bytes.AsSpan(1000));
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(1000, reader.Chunks);
    }

    [Theory]
    [InlineData("completed")]
    [InlineData("incomplete")]
    public void Events_of_responses_are_read(string end)
    {
        var (parser, reader) = Make();
        parser.Feed(Chunked(
            [
                "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r\",\"error\":null,\"usage\":null,\"output\":[]}}",
                "data: {\"type\":\"response.reasoning_text.delta\",\"delta\":\"hm\"}",
                "data: {\"delta\":\"so\",\"type\":\"response.output_text.delta\"}",
                "data: {\"type\":\"response.output_text.delta\",\"delta\":\"\"}",
                "data: {\"type\":\"response.function_call_arguments.delta\",\"delta\":\"{\"}",
                "data: {\"type\":\"response.output_text.done\",\"text\":\"so\"}",
                $"data: {{\"type\":\"response.{end}\",\"response\":{{\"usage\":{{\"input_tokens\":12,\"input_tokens_details\":{{\"cached_tokens\":8}},\"output_tokens\":34,\"output_tokens_details\":{{\"reasoning_tokens\":5}}}}}}}}",
            ],
            "\n\n",
            61));
        Assert.Equal((3, 1, true, null), (reader.Chunks, reader.ReasoningChunks, reader.Whole, reader.Error));
        Assert.Equal(new ServerUsage(12, 34, 5, 8, null, Simulated: false, Modelled: false), reader.Usage);
    }

    [Fact]
    public void A_response_that_failed_is_an_error_and_a_whole_one_counts()
    {
        var (parser, reader) = Make();
        parser.Feed(Chunked(["data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"server_error\",\"message\":\"No device has room.\"}}}"], "\n\n", 1000));
        Assert.Equal(("No device has room.", false), (reader.Error, reader.Whole));
        (parser, reader) = Make();
        var body = "{\"object\":\"response\",\"error\":null,\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"so\"}]}],\"usage\":{\"input_tokens\":3,\"output_tokens\":2}}";
        parser.Feed(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        reader.End();
        Assert.Equal((1, true, 2), (reader.Chunks, reader.Whole, reader.Usage.CompletionTokens));
    }

    [Fact]
    public void An_error_in_the_stream_is_told_in_its_words()
    {
        var (parser, reader) = Make();
        parser.Feed(Chunked([Events[2], """data: {"error":{"code":"overloaded","message":"No device has room.","type":"server_error"}}"""], "\n\n", 1000));
        Assert.Equal(("No device has room.", false), (reader.Error, reader.Whole));
    }

    [Fact]
    public void What_is_no_JSON_is_malformed()
    {
        var (parser, reader) = Make();
        parser.Feed(Chunked(["data: {\"choices\":[{"], "\n\n", 1000));
        Assert.StartsWith("malformed", reader.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_is_told_in_its_words_and_its_connection_stays()
    {
        var (parser, reader) = Make();
        parser.Feed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 Too Many Requests\r\nContent-Length: 4\r\n\r\nslow"u8);
        reader.End();
        Assert.Equal((429, "slow", true), (reader.Status, reader.Error, parser.KeepAlive));
    }

    [Fact]
    public void A_body_without_a_length_ends_with_the_connection()
    {
        var (parser, reader) = Make();
        parser.Feed("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: [DONE]\n\n"u8);
        Assert.False(parser.Done);
        parser.Close();
        Assert.Equal((true, false, true), (parser.Done, parser.KeepAlive, reader.Whole));
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    public void What_is_no_HTTP_is_refused(string text)
    {
        var (parser, _) = Make();
        Assert.Throws<FormatException>(() => parser.Feed(Encoding.ASCII.GetBytes(text)));
    }

    private static (AnswerParser Parser, AnswerReader Reader) Make()
    {
        var reader = new AnswerReader();
        var parser = new AnswerParser(reader);
        reader.Reset();
        parser.Reset();
        return (parser, reader);
    }

    private static byte[] Chunked(string[] events, string end, int frame)
    {
        var body = Encoding.UTF8.GetBytes(string.Concat(events.Select(line => line + end)));
        var bytes = new List<byte>(Encoding.ASCII.GetBytes(Head));
        for (var at = 0; at < body.Length; at += frame)
        {
            var count = Math.Min(frame, body.Length - at);
            bytes.AddRange(Encoding.ASCII.GetBytes($"{count:X}\r\n"));
            bytes.AddRange(body.AsSpan(at, count));
            bytes.AddRange("\r\n"u8);
        }

        bytes.AddRange("0\r\n\r\n"u8);
        return [.. bytes];
    }
}
