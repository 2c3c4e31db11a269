using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Crescent.Client.Load.Draws;
using Crescent.Client.Load.Timing;

namespace Crescent.Client.Mock;

/// <summary>Sends answers, each chunk when it is due. Waits and goes on in the thread of the server's clock, and allocates nothing for a chunk.</summary>
internal sealed class MockStream(MockServer server, Socket socket)
{
    private const int FlushBytes = 8 << 10;

    private readonly PreciseTimer _timer = new(inline: true);
    private readonly MockBuffer _buffer = new();
    private readonly IMockForm?[] _forms = new IMockForm?[Enum.GetValues<MockDialect>().Length];
    private int _unsent;
    private long _first;
    private long _last;
    private long _previous;

    /// <summary>Answers; false when the connection is of no more use.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="dialect">In which form.</param>
    /// <param name="received">When it was there, in ticks.</param>
    public async ValueTask<bool> Answer(MockRequest request, MockDialect dialect, long received)
    {
        var options = server.Options;
        var number = server.NextNumber();
        var faults = new SeededStream(options.Seed, DrawPurpose.Fault, number);
        var firsts = new SeededStream(options.Seed, DrawPurpose.FirstToken, number);
        (_unsent, _first, _last, _previous) = (0, 0, 0, 0);
        _buffer.Clear();
        var isRefused = faults.Uniform() < options.ErrorShare;
        var due = server.Thawed(Math.Max(received, Stopwatch.GetTimestamp()) + PreciseClock.Ticks(options.FirstSeconds.Draw(ref firsts)));
        if (isRefused)
        {
            server.Record.Refuse();
            await Whole(
                options.ErrorStatus,
                """{"error":{"message":"A fault on purpose.","type":"server_error"}}""",
                options.RetryAfterSeconds is { } wait ? FormattableString.Invariant($"Retry-After: {wait}\r\n") : "");
            return true;
        }

        var limit = request.Limit > 0 ? request.Limit : MockOptions.DefaultTokens;
        var lengths = new SeededStream(options.Seed, DrawPurpose.OutputLength, number);
        var tokens = options.Tokens is { } drawn && !request.IgnoreEos ? Math.Min(limit, drawn.DrawCount(ref lengths, 1)) : limit;
        var cutAt = faults.Uniform() < options.CutShare ? tokens / 2 : int.MaxValue;
        var stallAt = faults.Uniform() < options.StallShare ? (int)(faults.Uniform() * tokens) : int.MaxValue;
        var thoughts = dialect == MockDialect.Text ? 0 : Math.Min(options.ReasoningTokens, tokens);
        var plan = new MockPlan(number, tokens, thoughts, tokens == request.Limit, cutAt, stallAt, due, received, request);
        var form = Form(dialect);
        return request.Stream ? await Stream(plan, form) : await Delayed(plan, form);
    }

    private IMockForm Form(MockDialect dialect)
    {
        var options = server.Options;
        return _forms[(int)dialect] ??= dialect == MockDialect.Responses
            ? new MockResponses(options, JsonSerializer.Serialize(options.Models[0]))
            : new MockChoices(options, JsonSerializer.Serialize(options.Models[0]), dialect == MockDialect.Chat);
    }

    private async ValueTask<bool> Stream(MockPlan plan, IMockForm form)
    {
        var options = server.Options;
        var gaps = new SeededStream(options.Seed, DrawPurpose.TokenGap, plan.Number);
        var (due, sent, chunks) = (plan.Due, 0, 0);
        _buffer.Add("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"u8);
        form.Begin(plan, _buffer);
        try
        {
            await Flush();
            while (sent < plan.Tokens)
            {
                await server.Clock.Until(due, _timer);
                var count = Math.Min(options.TokensPerChunk, (sent < plan.Thoughts ? plan.Thoughts : plan.Tokens) - sent);
                form.Chunk(plan, count, sent < plan.Thoughts, _buffer);
                sent += count;
                chunks++;
                _unsent++;
                if (sent >= plan.CutAt)
                {
                    await Flush();
                    server.Record.CutOff();
                    return false;
                }

                due = server.Thawed(due + PreciseClock.Ticks((options.GapSeconds.Draw(ref gaps) * options.TokensPerChunk) + (sent - count <= plan.StallAt && plan.StallAt < sent ? options.StallSeconds : 0)));
                if (_buffer.Length >= FlushBytes || due > Stopwatch.GetTimestamp())
                {
                    await Flush();
                }
            }

            form.End(plan, _buffer);
            _buffer.Add("0\r\n\r\n"u8);
            await Flush();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            server.Record.Lost();
            throw;
        }

        server.Record.Sent(plan.Received, _first, _last, Stopwatch.GetTimestamp(), plan.Tokens, chunks);
        return true;
    }

    private async ValueTask<bool> Delayed(MockPlan plan, IMockForm form)
    {
        var options = server.Options;
        var gaps = new SeededStream(options.Seed, DrawPurpose.TokenGap, plan.Number);
        var due = plan.Due;
        for (var sent = options.TokensPerChunk; sent < plan.Tokens; sent += options.TokensPerChunk)
        {
            due += PreciseClock.Ticks(options.GapSeconds.Draw(ref gaps) * options.TokensPerChunk);
        }

        await server.Clock.Until(server.Thawed(due), _timer);
        await Whole(200, form.Whole(plan));
        return true;
    }

    private async ValueTask Whole(int status, string body, string headers = "")
    {
        _buffer.Add(Encoding.ASCII.GetBytes($"HTTP/1.1 {status} {(status == 200 ? "OK" : "Fault")}\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{headers}\r\n"));
        _buffer.Add(Encoding.UTF8.GetBytes(body));
        await Flush();
    }

    private async ValueTask Flush()
    {
        Note();
        for (var sent = 0; sent < _buffer.Length;)
        {
            sent += await socket.SendAsync(_buffer.From(sent));
        }

        _buffer.Clear();
    }

    /// <summary>Writes into the record that the chunks in the buffer are sent now.</summary>
    private void Note()
    {
        if (_unsent == 0)
        {
            return;
        }

        var now = Stopwatch.GetTimestamp();
        _first = _first == 0 ? now : _first;
        for (; _unsent > 0; _unsent--)
        {
            if (_previous > 0)
            {
                server.Record.ChunkGap.Record(now - _previous);
            }

            _previous = now;
        }

        _last = now;
    }
}
