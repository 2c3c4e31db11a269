using System.Buffers.Text;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Crescent.Client.Mock;

/// <summary>One connection of a mock server: a request at a time, by HTTP/1.1.</summary>
internal sealed class MockConnection(MockServer server, Socket socket) : IDisposable
{
    private const int LongestHead = 32 << 10;
    private const int LongestBody = 64 << 20;
    private const int LargestKept = 1 << 20;

    private byte[] _received = new byte[16 << 10];
    private int _begin;
    private int _end;
    private MockStream? _stream;

    public void Dispose() => socket.Dispose();

    /// <summary>Serves until the client leaves.</summary>
    public async Task Serve(CancellationToken stop)
    {
        try
        {
            while (await Next(stop))
            {
                // As long as the client asks.
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The client has gone, or the server stops.
        }
        catch (FormatException e)
        {
            await Quietly(() => Answer(400, Error(e.Message)));
        }
        finally
        {
            socket.Dispose();
        }
    }

    private static async Task Quietly(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Nobody listens.
        }
    }

    /// <summary>Reads a request and answers it; false when the client has left.</summary>
    private async Task<bool> Next(CancellationToken stop)
    {
        int headLength;
        while ((headLength = _received.AsSpan(_begin, _end - _begin).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (_end - _begin > LongestHead)
            {
                throw new FormatException("The head of the request is too long.");
            }

            if (!await Receive(stop))
            {
                return false;
            }
        }

        var (method, path, length) = Head(_received.AsSpan(_begin, headLength));
        if (length > LongestBody)
        {
            throw new FormatException($"The body has more than {LongestBody} bytes.");
        }

        _begin += headLength + 4;
        while (_end - _begin < length)
        {
            if (!await Receive(stop, length))
            {
                return false;
            }
        }

        var received = Stopwatch.GetTimestamp();
        var at = _begin;
        _begin += length;
        return await Route(method, path, _received.AsMemory(at, length), received);
    }

    private async Task<bool> Receive(CancellationToken stop, int room = 0)
    {
        if (_begin > 0)
        {
            _received.AsSpan(_begin, _end - _begin).CopyTo(_received);
            _end -= _begin;
            _begin = 0;
        }

        if (_end == 0 && _received.Length > LargestKept && room < LargestKept)
        {
            _received = new byte[16 << 10];
        }

        if (_end == _received.Length || room > _received.Length)
        {
            Array.Resize(ref _received, Math.Max(room, _received.Length * 2));
        }

        var count = await socket.ReceiveAsync(_received.AsMemory(_end), stop);
        _end += count;
        return count > 0;
    }

    private static (string Method, string Path, int Length) Head(ReadOnlySpan<byte> head)
    {
        var end = head.IndexOf("\r\n"u8);
        var line = end < 0 ? head : head[..end];
        var first = line.IndexOf((byte)' ');
        var last = line.LastIndexOf((byte)' ');
        if (first <= 0 || last <= first)
        {
            throw new FormatException("The first line is no request of HTTP/1.1.");
        }

        var length = 0;
        while (end >= 0)
        {
            head = head[(end + 2)..];
            end = head.IndexOf("\r\n"u8);
            var header = end < 0 ? head : head[..end];
            if (header.Length > 15 && Ascii.EqualsIgnoreCase(header[..15], "content-length:"u8)
                && (!Utf8Parser.TryParse(header[15..].Trim((byte)' '), out length, out int _) || length < 0))
            {
                throw new FormatException("Content-Length is no number.");
            }

            if (header.Length > 18 && Ascii.EqualsIgnoreCase(header[..18], "transfer-encoding:"u8))
            {
                throw new FormatException("Send the body with Content-Length.");
            }
        }

        return (Name(line[..first]), Name(line[(first + 1)..last]), length);
    }

    // The names that come all the time are not made anew.
    private static string Name(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("POST"u8) ? "POST"
        : name.SequenceEqual("/v1/chat/completions"u8) ? "/v1/chat/completions"
        : name.SequenceEqual("/v1/completions"u8) ? "/v1/completions"
        : name.SequenceEqual("/v1/responses"u8) ? "/v1/responses"
        : Encoding.ASCII.GetString(name);

    private async Task<bool> Route(string method, string path, ReadOnlyMemory<byte> body, long received)
    {
        switch (method, path)
        {
            case ("POST", "/v1/chat/completions"):
                return await Complete(MockDialect.Chat, body, received);
            case ("POST", "/v1/completions"):
                return await Complete(MockDialect.Text, body, received);
            case ("POST", "/v1/responses"):
                return await Complete(MockDialect.Responses, body, received);
            case ("POST", "/v1/embeddings"):
                var read = MockRequest.Read(body.Span);
                await Answer(200, Embedding(read));
                return true;
            case ("POST", "/tokenize") when server.Options.Tokenizer:
                await Answer(200, new JsonObject { ["count"] = MockRequest.Read(body.Span).PromptTokens });
                return true;
            case ("GET", "/v1/models"):
                await Answer(200, new JsonObject
                {
                    ["object"] = "list",
                    ["data"] = new JsonArray([.. server.Options.Models.Select(static model => (JsonNode)new JsonObject { ["id"] = model, ["object"] = "model", ["owned_by"] = "mock" })]),
                });
                return true;
            case ("GET", "/mock/record"):
                await Answer(200, server.Record.ToJson());
                return true;
            case ("POST", "/mock/reset"):
                server.Reset();
                await Answer(200, []);
                return true;
            case ("GET", "/health"):
                await Answer(200, []);
                return true;
            default:
                await Answer(404, Error($"There is no {method} {path}."));
                return true;
        }
    }

    private async Task<bool> Complete(MockDialect dialect, ReadOnlyMemory<byte> body, long received)
    {
        server.Record.Received();
        MockRequest request;
        try
        {
            request = MockRequest.Read(body.Span);
        }
        catch (JsonException e)
        {
            server.Record.Refuse();
            await Answer(400, Error(e.Message));
            return true;
        }

        if (request.Count != 1 || request.GoesOn)
        {
            server.Record.Refuse();
            await Answer(400, Error(request.GoesOn ? "'previous_response_id' and 'conversation' have nothing to go on from: a mock keeps no answer." : "'n' is 1 here: a mock gives one answer."));
            return true;
        }

        if (dialect == MockDialect.Responses)
        {
            // It is a conversation that goes through a template, as a chat is.
            request.PromptTokens += MockRequest.TemplateTokens;
        }

        await server.Enter();
        try
        {
            _stream ??= new MockStream(server, socket);
            var alive = await _stream.Answer(request, dialect, received);

            // What comes next is not the clock's business.
            await Task.Yield();
            return alive;
        }
        finally
        {
            server.Exit();
        }
    }

    private async Task Answer(int status, JsonObject document)
    {
        var body = Encoding.UTF8.GetBytes(document.ToJsonString());
        var head = Encoding.ASCII.GetBytes($"HTTP/1.1 {status} {(status == 200 ? "OK" : "Refused")}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n");
        byte[] all = [.. head, .. body];
        for (var sent = 0; sent < all.Length;)
        {
            sent += await socket.SendAsync(all.AsMemory(sent));
        }
    }

    private static JsonObject Error(string message) => new() { ["error"] = new JsonObject { ["message"] = message, ["type"] = "invalid_request_error" } };

    private static JsonObject Embedding(MockRequest request) => new()
    {
        ["object"] = "list",
        ["data"] = new JsonArray(new JsonObject { ["object"] = "embedding", ["index"] = 0, ["embedding"] = new JsonArray(1, 0, 0, 0) }),
        ["usage"] = new JsonObject { ["prompt_tokens"] = request.PromptTokens, ["total_tokens"] = request.PromptTokens },
    };
}
