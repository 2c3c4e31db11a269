using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace Crescent.Silo.Api.Wire;

/// <summary>Server-sent events as OpenAI sends them: a <c>data:</c> line of JSON and an empty line each, <c>[DONE]</c> at the end. Other dialects name theirs.</summary>
internal sealed class EventStream : IDisposable
{
    public const string ContentType = "text/event-stream";

    /// <summary>Number of the last event that the reader has.</summary>
    public const string LastEventHeader = "Last-Event-ID";

    private readonly PipeWriter _pipe;
    private readonly Utf8JsonWriter _json;

    // Of events that have numbers: the last that the reader has, the newest, and where those go that it has.
    private readonly int? _after;
    private readonly ArrayBufferWriter<byte>? _dropped;
    private int _number;

    /// <summary>Begins the answer: from here on its status is 200.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="after">For one whose events are numbered from 1: those up to this one are not sent again. Null for events without numbers.</param>
    public EventStream(HttpResponse response, int? after = null)
    {
        _after = after;
        _dropped = after > 0 ? new ArrayBufferWriter<byte>() : null;

        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-cache";

        // Proxies that hold answers back to send them in one piece know this header.
        response.Headers["X-Accel-Buffering"] = "no";
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        _pipe = response.BodyWriter;
        _json = new Utf8JsonWriter(_pipe, ApiJson.Writer);
    }

    /// <summary>Begins an event; <see cref="End"/> ends it.</summary>
    /// <param name="name">Its name; null for none.</param>
    public Utf8JsonWriter Begin(string? name = null)
    {
        if (!Number())
        {
            _json.Reset(_dropped!);
            return _json;
        }

        WriteName(_pipe, name);
        _pipe.Write("data: "u8);
        return _json;
    }

    /// <summary>Ends an event that is an object, and the object.</summary>
    public void EndObject()
    {
        _json.WriteEndObject();
        End();
    }

    /// <summary>Ends the event that <see cref="Begin"/> began; it is sent with the next <see cref="Flush"/>.</summary>
    public void End()
    {
        _json.Flush();
        if (_number <= _after)
        {
            _json.Reset(_pipe);
            _dropped!.ResetWrittenCount();
            return;
        }

        _json.Reset();
        _pipe.Write("\n\n"u8);
    }

    /// <summary>Writes an event whose JSON is made already but for a string in the midst of it.</summary>
    /// <param name="before">All before the string's first character.</param>
    /// <param name="utf8">What the string says.</param>
    /// <param name="after">All behind its last.</param>
    public void WriteText(ReadOnlySpan<byte> before, ReadOnlySpan<byte> utf8, ReadOnlySpan<byte> after)
    {
        if (!Number())
        {
            return;
        }

        var encoder = ApiJson.Writer.Encoder!;
        var most = utf8.Length * encoder.MaxOutputCharactersPerInputCharacter;
        var buffer = _pipe.GetSpan("data: "u8.Length + before.Length + most + after.Length + "\n\n"u8.Length);
        "data: "u8.CopyTo(buffer);
        before.CopyTo(buffer["data: "u8.Length..]);
        var at = "data: "u8.Length + before.Length;
        encoder.EncodeUtf8(utf8, buffer[at..], out _, out var written);
        at += written;
        after.CopyTo(buffer[at..]);
        at += after.Length;
        "\n\n"u8.CopyTo(buffer[at..]);
        _pipe.Advance(at + "\n\n"u8.Length);
    }

    /// <summary>Writes the last event.</summary>
    /// <exception cref="ApiException">Its reader says that it has events behind that.</exception>
    public void Done()
    {
        if (Number())
        {
            _pipe.Write("data: [DONE]\n\n"u8);
        }

        Close();
    }

    /// <summary>Ends a stream whose last event is one of its dialect.</summary>
    /// <exception cref="ApiException">Its reader says that it has events behind that.</exception>
    public void Close()
    {
        if (_number < _after)
        {
            throw ApiException.InvalidValue(LastEventHeader, $"'{LastEventHeader}' is {_after}, and the stream has {_number} events.");
        }
    }

    /// <summary>Writes a comment, which keeps the connection open and tells nothing.</summary>
    public void Comment() => Beat(":\n\n"u8);

    /// <summary>Writes what keeps the connection open and tells nothing, without a number.</summary>
    /// <remarks>Not before the first event that the reader has not got: until then the answer has not begun.</remarks>
    public void Beat(ReadOnlySpan<byte> text)
    {
        if (!(_number < _after))
        {
            _pipe.Write(text);
        }
    }

    /// <summary>Sends what is written.</summary>
    /// <remarks>Before the first event that the reader has not got the answer does not begin: there may be none, and that is an error.</remarks>
    public ValueTask<FlushResult> Flush(CancellationToken cancellationToken) => _number < _after ? default : _pipe.FlushAsync(cancellationToken);

    public void Dispose() => _json.Dispose();

    private static void WriteName(PipeWriter pipe, string? name)
    {
        if (name is not null)
        {
            pipe.Write("event: "u8);
            pipe.Write(Encoding.UTF8.GetBytes(name));
            pipe.Write("\n"u8);
        }
    }

    /// <summary>Numbers the next event, where events have numbers.</summary>
    /// <returns>False where its reader has it.</returns>
    private bool Number()
    {
        if (_after is not { } after)
        {
            return true;
        }

        if (++_number <= after)
        {
            return false;
        }

        var span = _pipe.GetSpan(32);
        "id: "u8.CopyTo(span);
        _number.TryFormat(span[4..], out var length, default, CultureInfo.InvariantCulture);
        span[4 + length] = (byte)'\n';
        _pipe.Advance(5 + length);
        return true;
    }

    /// <summary>Sends <paramref name="json"/> as an event of an answer that has begun.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="json">The event.</param>
    /// <param name="name">Its name; null for none.</param>
    /// <param name="cancellationToken">The client's leaving.</param>
    public static async Task Write(HttpResponse response, ReadOnlyMemory<byte> json, string? name, CancellationToken cancellationToken)
    {
        WriteName(response.BodyWriter, name);
        response.BodyWriter.Write("data: "u8);
        response.BodyWriter.Write(json.Span);
        response.BodyWriter.Write("\n\n"u8);
        await response.BodyWriter.FlushAsync(cancellationToken);
    }
}
