using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Crescent.Bench.Serve;

/// <summary>
/// One connection of a load generator: a call at a time. It looks for no more in an answer than it must, since it takes CPU from what it measures: the beginnings of
/// events, and the end.
/// </summary>
internal sealed class LoadStream : IDisposable
{
    /// <summary>Stands in the prompt where each call has its number, so that no two begin alike.</summary>
    public const string Number = "@@@@@@@@@";

    private const int Kept = 4096;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _request;
    private readonly int _numberAt;
    private readonly LoadTimes _times;

    // The last bytes of what came before stand in front of what comes now.
    private readonly byte[] _buffer = new byte[Kept + (64 << 10)];

    public LoadStream(byte[] body, LoadTimes times)
    {
        var head = $"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n";
        _request = [.. Encoding.ASCII.GetBytes(head), .. body];
        _numberAt = _request.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Number));
        _times = times;
    }

    public Task Connect(IPEndPoint server) => _socket.ConnectAsync(server);

    /// <summary>Sends a call and reads its answer to the end.</summary>
    public async Task Call(int number)
    {
        Encoding.ASCII.GetBytes(number.ToString("D9", CultureInfo.InvariantCulture), _request.AsSpan(_numberAt));
        var sent = Stopwatch.GetTimestamp();
        for (var at = 0; at < _request.Length;)
        {
            at += await _socket.SendAsync(_request.AsMemory(at));
        }

        var (first, last, events) = (0L, 0L, 0);
        var kept = 0;
        while (true)
        {
            var count = await _socket.ReceiveAsync(_buffer.AsMemory(kept));
            var now = Stopwatch.GetTimestamp();
            if (count == 0)
            {
                throw new IOException("The server closed the connection.");
            }

            var seen = Count(_buffer.AsSpan(Math.Max(0, kept - 5), count + Math.Min(kept, 5)), "data: "u8);

            // The opening event has no token yet.
            if (seen > 0 && events + seen > 1)
            {
                if (last != 0)
                {
                    _times.Gap(Stopwatch.GetElapsedTime(last, now));
                }

                first = first == 0 ? now : first;
                last = now;
            }

            events += seen;
            var all = _buffer.AsSpan(0, kept + count);
            if (all.EndsWith("0\r\n\r\n"u8) || (events == 0 && !all.StartsWith("HTTP/1.1 200"u8)))
            {
                End(all, sent, first, last, events);
                return;
            }

            kept = Math.Min(Kept, all.Length);
            all[^kept..].CopyTo(_buffer);
        }
    }

    public void Dispose() => _socket.Dispose();

    private void End(ReadOnlySpan<byte> tail, long sent, long first, long last, int events)
    {
        var (prompt, output) = (Field(tail, "\"prompt_tokens\":"u8), Field(tail, "\"completion_tokens\":"u8));
        if (output > 0 && tail.IndexOf("[DONE]"u8) >= 0)
        {
            _times.Ended(Stopwatch.GetElapsedTime(sent, first), Stopwatch.GetElapsedTime(first, last), prompt, output, events);
        }
        else
        {
            _times.Failed(Encoding.UTF8.GetString(tail[..Math.Min(tail.Length, 600)]));
        }
    }

    private static int Field(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        var at = text.LastIndexOf(name);
        return at >= 0 && Utf8Parser.TryParse(text[(at + name.Length)..], out int value, out _) ? value : 0;
    }

    private static int Count(ReadOnlySpan<byte> text, ReadOnlySpan<byte> of)
    {
        var count = 0;
        for (int at; (at = text.IndexOf(of)) >= 0; text = text[(at + of.Length)..])
        {
            count++;
        }

        return count;
    }
}
