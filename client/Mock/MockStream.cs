using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
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
    private const string Token = " word";

    private static readonly byte[] TokenBytes = Encoding.ASCII.GetBytes(Token);

    private readonly PreciseTimer _timer = new(inline: true);
    private readonly string _model = JsonSerializer.Serialize(server.Options.Models[0]);
    private byte[] _buffer = new byte[FlushBytes * 2];
    private int _length;
    private int _unsent;
    private long _first;
    private long _last;
    private long _previous;

    /// <summary>Answers; false when the connection is of no more use.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="isChat">In which form.</param>
    /// <param name="received">When it was there, in ticks.</param>
    public async ValueTask<bool> Answer(MockRequest request, bool isChat, long received)
    {
        var options = server.Options;
        var number = server.NextNumber();
        var faults = new SeededStream(options.Seed, DrawPurpose.Fault, number);
        var firsts = new SeededStream(options.Seed, DrawPurpose.FirstToken, number);
        (_length, _unsent, _first, _last, _previous) = (0, 0, 0, 0, 0);
        var isRefused = faults.Uniform() < options.ErrorShare;
        var due = server.Thawed(Math.Max(received, Stopwatch.GetTimestamp()) + PreciseClock.Ticks(options.FirstSeconds.Draw(ref firsts)));
        if (isRefused)
        {
            server.Record.Refuse();
            await Whole(options.ErrorStatus, """{"error":{"message":"A fault on purpose.","type":"server_error"}}""");
            return true;
        }

        var limit = request.Limit > 0 ? request.Limit : MockOptions.DefaultTokens;
        var lengths = new SeededStream(options.Seed, DrawPurpose.OutputLength, number);
        var tokens = options.Tokens is { } drawn && !request.IgnoreEos ? Math.Min(limit, drawn.DrawCount(ref lengths, 1)) : limit;
        var cutAt = faults.Uniform() < options.CutShare ? tokens / 2 : int.MaxValue;
        var stallAt = faults.Uniform() < options.StallShare ? (int)(faults.Uniform() * tokens) : int.MaxValue;
        return request.Stream
            ? await Stream(new Plan(number, tokens, cutAt, stallAt, due, received, isChat, request))
            : await Delayed(new Plan(number, tokens, cutAt, stallAt, due, received, isChat, request));
    }

    private async ValueTask<bool> Stream(Plan plan)
    {
        var options = server.Options;
        var gaps = new SeededStream(options.Seed, DrawPurpose.TokenGap, plan.Number);
        var (due, sent, chunks) = (plan.Due, 0, 0);
        var thoughts = plan.IsChat ? Math.Min(options.ReasoningTokens, plan.Tokens) : 0;
        Add("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"u8);
        if (plan.IsChat)
        {
            AddEvent(Opening(plan));
        }

        try
        {
            await Flush();
            while (sent < plan.Tokens)
            {
                await server.Clock.Until(due, _timer);
                var count = Math.Min(options.TokensPerChunk, (sent < thoughts ? thoughts : plan.Tokens) - sent);
                AddChunk(plan, count, sent < thoughts);
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
                if (_length >= FlushBytes || due > Stopwatch.GetTimestamp())
                {
                    await Flush();
                }
            }

            AddEvent(Closing(plan));
            AddEvent("[DONE]");
            Add("0\r\n\r\n"u8);
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

    private async ValueTask<bool> Delayed(Plan plan)
    {
        var options = server.Options;
        var gaps = new SeededStream(options.Seed, DrawPurpose.TokenGap, plan.Number);
        var due = plan.Due;
        for (var sent = options.TokensPerChunk; sent < plan.Tokens; sent += options.TokensPerChunk)
        {
            due += PreciseClock.Ticks(options.GapSeconds.Draw(ref gaps) * options.TokensPerChunk);
        }

        await server.Clock.Until(server.Thawed(due), _timer);
        var text = new StringBuilder().Insert(0, Token, plan.Tokens);
        var choice = plan.IsChat ? $"\"message\":{{\"role\":\"assistant\",\"content\":\"{text}\"}}" : $"\"text\":\"{text}\"";
        await Whole(200, $$"""{"id":"mock-{{plan.Number}}","object":"{{(plan.IsChat ? "chat.completion" : "text_completion")}}","created":0,"model":{{_model}},"choices":[{"index":0,{{choice}},"finish_reason":"length"}]{{Usage(plan)}}}""");
        return true;
    }

    private async ValueTask Whole(int status, string body)
    {
        Add(Encoding.ASCII.GetBytes($"HTTP/1.1 {status} {(status == 200 ? "OK" : "Fault")}\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n"));
        Add(Encoding.UTF8.GetBytes(body));
        await Flush();
    }

    private async ValueTask Flush()
    {
        Note();
        for (var sent = 0; sent < _length;)
        {
            sent += await socket.SendAsync(_buffer.AsMemory(sent, _length - sent));
        }

        _length = 0;
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

    private void AddChunk(Plan plan, int tokens, bool isThought)
    {
        var begin = Frame();
        Add("data: {\"id\":\"mock-"u8);
        AddNumber(plan.Number);
        Add(plan.IsChat ? "\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":"u8 : "\",\"object\":\"text_completion\",\"created\":0,\"model\":"u8);
        AddText(_model);
        Add(!plan.IsChat
            ? ",\"choices\":[{\"index\":0,\"text\":\""u8
            : isThought ? ",\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\""u8 : ",\"choices\":[{\"index\":0,\"delta\":{\"content\":\""u8);
        for (var i = 0; i < tokens; i++)
        {
            Add(TokenBytes);
        }

        Add(plan.IsChat ? "\"},\"finish_reason\":null}]}\n\n"u8 : "\",\"finish_reason\":null}]}\n\n"u8);
        EndFrame(begin);
    }

    private void AddEvent(string data)
    {
        var begin = Frame();
        Add("data: "u8);
        AddText(data);
        Add("\n\n"u8);
        EndFrame(begin);
    }

    private string Opening(Plan plan) =>
        $$$"""{"id":"mock-{{{plan.Number}}}","object":"chat.completion.chunk","created":0,"model":{{{_model}}},"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""";

    private string Closing(Plan plan)
    {
        var end = plan.IsChat ? "\"delta\":{}" : "\"text\":\"\"";
        var asked = plan.Request.IncludeUsage ? Usage(plan) : "";
        return $$"""{"id":"mock-{{plan.Number}}","object":"{{(plan.IsChat ? "chat.completion.chunk" : "text_completion")}}","created":0,"model":{{_model}},"choices":[{"index":0,{{end}},"finish_reason":"length"}]{{asked}}}""";
    }

    private string Usage(Plan plan)
    {
        var options = server.Options;
        if (options.UsageFactor <= 0)
        {
            return "";
        }

        var told = (int)Math.Round(plan.Tokens * options.UsageFactor);
        var thoughts = plan.IsChat ? Math.Min(options.ReasoningTokens, plan.Tokens) : 0;
        var energy = options.JoulesPerToken > 0
            ? string.Create(CultureInfo.InvariantCulture, $",\"energy\":{{\"joules\":{options.JoulesPerToken * plan.Tokens:0.######},\"source\":\"model\",\"simulated\":true}}")
            : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $",\"usage\":{{\"prompt_tokens\":{plan.Request.PromptTokens},\"completion_tokens\":{told},\"total_tokens\":{plan.Request.PromptTokens + told},\"completion_tokens_details\":{{\"reasoning_tokens\":{thoughts}}}{energy}}}");
    }

    // A frame of chunked transfer has the number of its bytes before it, in four digits here.
    private int Frame()
    {
        Add("0000\r\n"u8);
        return _length;
    }

    private void EndFrame(int begin)
    {
        var length = _length - begin;
        Utf8Formatter.TryFormat(length, _buffer.AsSpan(begin - 6, 4), out _, new System.Buffers.StandardFormat('x', 4));
        Add("\r\n"u8);
    }

    private void AddNumber(long number)
    {
        Room(20);
        Utf8Formatter.TryFormat(number, _buffer.AsSpan(_length), out var written);
        _length += written;
    }

    private void AddText(string text)
    {
        Room(text.Length * 3);
        _length += Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_length));
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        Room(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Room(int bytes)
    {
        if (_length + bytes > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + bytes));
        }
    }

    private readonly record struct Plan(long Number, int Tokens, int CutAt, int StallAt, long Due, long Received, bool IsChat, MockRequest Request);
}
