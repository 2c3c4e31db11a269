using System.Buffers;
using System.Buffers.Text;

namespace Crescent.Client.Load.Wire;

/// <summary>A request as it is put together. The number of its body's bytes stands before the body, so the head's end is written last, in room left for it.</summary>
internal sealed class RequestBuffer : IBufferWriter<byte>
{
    // Digits of the length, and the empty line.
    private const int Room = 24;
    private const int LargestKept = 256 << 10;

    private byte[] _bytes = new byte[4 << 10];
    private int _begin;
    private int _body;
    private int _end;

    /// <summary>The whole request.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(_begin, _end - _begin);

    /// <summary>Bytes of the body so far.</summary>
    public int BodyLength => _end - _body;

    /// <summary>Begins anew; what is written next is the body.</summary>
    public void Begin(int headLength)
    {
        if (_bytes.Length > LargestKept)
        {
            _bytes = new byte[4 << 10];
        }

        _end = 0;
        GetSpan(headLength + Room);
        _body = _end = headLength + Room;
    }

    /// <summary>Writes the head before the body.</summary>
    /// <param name="head">Ends with <c>Content-Length: </c>.</param>
    public void End(ReadOnlySpan<byte> head)
    {
        Span<byte> tail = stackalloc byte[Room];
        Utf8Formatter.TryFormat(BodyLength, tail, out var digits);
        "\r\n\r\n"u8.CopyTo(tail[digits..]);
        tail = tail[..(digits + 4)];
        _begin = _body - tail.Length - head.Length;
        head.CopyTo(_bytes.AsSpan(_begin));
        tail.CopyTo(_bytes.AsSpan(_body - tail.Length));
    }

    /// <summary>Adds bytes to the body.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        _end += bytes.Length;
    }

    /// <summary>Adds a number to the body.</summary>
    public void Add(long number)
    {
        Utf8Formatter.TryFormat(number, GetSpan(20), out var written);
        _end += written;
    }

    public void Advance(int count) => _end += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        GetSpan(sizeHint);
        return _bytes.AsMemory(_end);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        if (_bytes.Length - _end < Math.Max(1, sizeHint))
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _end + sizeHint));
        }

        return _bytes.AsSpan(_end);
    }
}
