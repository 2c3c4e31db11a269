using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Crescent.Client.Load.Wire;

/// <summary>Reads an answer of HTTP/1.1 as it comes: head, then a body that is chunked, of a length, or ends with the connection. Allocates nothing.</summary>
/// <remarks>RFC 9112, sections 4 to 7.</remarks>
internal sealed class AnswerParser(IBodySink sink)
{
    private const int LongestLine = 32 << 10;

    private readonly byte[] _line = new byte[LongestLine];
    private int _lineLength;
    private State _state;
    private long _left;
    private int _status;
    private bool _chunked;
    private bool _isEventStream;
    private bool _keepAlive;

    private enum State
    {
        Status,
        Headers,
        ChunkSize,
        ChunkData,
        ChunkEnd,
        Trailers,
        Sized,
        UntilClose,
        Done,
    }

    /// <summary>Whether the answer is whole.</summary>
    public bool Done => _state == State.Done;

    /// <summary>Whether the connection may be used again once the answer is whole.</summary>
    public bool KeepAlive => _keepAlive && Done;

    /// <summary>Whether anything of the answer has come.</summary>
    public bool Began { get; private set; }

    /// <summary>How long the server asks to wait before the next try (<c>Retry-After</c>), s; null where it does not, or not in seconds or a date.</summary>
    public double? RetryAfterSeconds { get; private set; }

    /// <summary>Makes ready for the next answer.</summary>
    public void Reset()
    {
        _state = State.Status;
        _lineLength = 0;
        RetryAfterSeconds = null;
        Began = false;
    }

    /// <summary>The connection has ended: so has a body that goes until then.</summary>
    public void Close()
    {
        if (_state == State.UntilClose)
        {
            _keepAlive = false;
            _state = State.Done;
        }
    }

    /// <summary>Takes what was received.</summary>
    /// <exception cref="FormatException">It is no HTTP/1.1.</exception>
    public void Feed(ReadOnlySpan<byte> bytes)
    {
        Began |= bytes.Length > 0;
        while (bytes.Length > 0)
        {
            switch (_state)
            {
                case State.Done:
                    // Nothing was asked for that this could be the answer to.
                    _keepAlive = false;
                    return;
                case State.UntilClose:
                    sink.Body(bytes);
                    return;
                case State.ChunkData or State.Sized:
                    var count = (int)Math.Min(_left, bytes.Length);
                    sink.Body(bytes[..count]);
                    bytes = bytes[count..];
                    _left -= count;
                    if (_left == 0)
                    {
                        _state = _state == State.Sized ? State.Done : State.ChunkEnd;
                    }

                    break;
                default:
                    bytes = Line(bytes);
                    break;
            }
        }
    }

    private ReadOnlySpan<byte> Line(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)'\n');
        var part = end < 0 ? bytes : bytes[..end];
        if (_lineLength + part.Length > LongestLine)
        {
            throw new FormatException($"a line of its head has more than {LongestLine} bytes");
        }

        part.CopyTo(_line.AsSpan(_lineLength));
        _lineLength += part.Length;
        if (end < 0)
        {
            return [];
        }

        var line = _line.AsSpan(0, _lineLength > 0 && _line[_lineLength - 1] == '\r' ? _lineLength - 1 : _lineLength);
        _lineLength = 0;
        Take(line);
        return bytes[(end + 1)..];
    }

    private void Take(ReadOnlySpan<byte> line)
    {
        switch (_state)
        {
            case State.Status:
                if (!line.StartsWith("HTTP/1."u8) || line.Length < 12 || !Utf8Parser.TryParse(line[9..12], out _status, out int digits) || digits != 3)
                {
                    throw new FormatException($"it does not begin as HTTP/1.1: '{Encoding.ASCII.GetString(line[..Math.Min(40, line.Length)])}'");
                }

                (_keepAlive, _chunked, _isEventStream, _left) = (line[7] != '0', false, false, -1);
                _state = State.Headers;
                break;
            case State.Headers:
                if (line.Length == 0)
                {
                    EndHead();
                }
                else
                {
                    Header(line);
                }

                break;
            case State.ChunkSize:
                var digitsEnd = line.IndexOf((byte)';');
                if (!Utf8Parser.TryParse((digitsEnd < 0 ? line : line[..digitsEnd]).Trim((byte)' '), out _left, out int used, 'x') || used == 0 || _left < 0)
                {
                    throw new FormatException("the size of a chunk is no number");
                }

                _state = _left == 0 ? State.Trailers : State.ChunkData;
                break;
            case State.ChunkEnd:
                _state = line.Length == 0 ? State.ChunkSize : throw new FormatException("a chunk is longer than its size");
                break;
            case State.Trailers:
                _state = line.Length == 0 ? State.Done : State.Trailers;
                break;
        }
    }

    private void Header(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon < 0)
        {
            return;
        }

        var name = line[..colon];
        var value = line[(colon + 1)..].Trim((byte)' ');
        if (Ascii.EqualsIgnoreCase(name, "content-length"u8))
        {
            if (!Utf8Parser.TryParse(value, out _left, out int used) || used != value.Length || _left < 0)
            {
                throw new FormatException("Content-Length is no number");
            }
        }
        else if (Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8))
        {
            _chunked = EndsWith(value, "chunked"u8);
        }
        else if (Ascii.EqualsIgnoreCase(name, "retry-after"u8))
        {
            RetryAfterSeconds = RetryAfter(value);
        }
        else if (Ascii.EqualsIgnoreCase(name, "connection"u8))
        {
            _keepAlive = _keepAlive ? !EndsWith(value, "close"u8) : EndsWith(value, "keep-alive"u8);
        }
        else if (Ascii.EqualsIgnoreCase(name, "content-type"u8))
        {
            _isEventStream = value.Length >= 17 && Ascii.EqualsIgnoreCase(value[..17], "text/event-stream"u8);
        }
    }

    // RFC 9110, 10.2.3: seconds, which some servers tell with a fraction, or a date.
    private static double? RetryAfter(ReadOnlySpan<byte> value) =>
        Utf8Parser.TryParse(value, out double seconds, out var used) && used == value.Length ? (seconds >= 0 && double.IsFinite(seconds) ? seconds : null)
        : DateTimeOffset.TryParseExact(Encoding.ASCII.GetString(value), "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) ? Math.Max(0, (moment - DateTimeOffset.UtcNow).TotalSeconds)
        : null;

    private void EndHead()
    {
        if (_status is >= 100 and < 200)
        {
            _state = State.Status;
            return;
        }

        sink.Begin(_status, _isEventStream);
        if (_chunked)
        {
            _state = State.ChunkSize;
        }
        else if (_status is 204 or 304 || _left == 0)
        {
            _state = State.Done;
        }
        else
        {
            _state = _left > 0 ? State.Sized : State.UntilClose;
        }
    }

    private static bool EndsWith(ReadOnlySpan<byte> value, ReadOnlySpan<byte> word) => value.Length >= word.Length && Ascii.EqualsIgnoreCase(value[^word.Length..], word);
}
