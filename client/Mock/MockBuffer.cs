using System.Buffers.Text;
using System.Text;

namespace Crescent.Client.Mock;

/// <summary>What is about to be sent: events in the frames of chunked transfer. Allocates nothing for an event once it has grown.</summary>
internal sealed class MockBuffer
{
    private byte[] _bytes = new byte[16 << 10];

    /// <summary>Bytes in it.</summary>
    public int Length { get; private set; }

    /// <summary>A part of it.</summary>
    public ReadOnlyMemory<byte> From(int start) => _bytes.AsMemory(start, Length - start);

    /// <summary>Empties it.</summary>
    public void Clear() => Length = 0;

    /// <summary>Begins a frame: the number of its bytes stands before it, in four digits here.</summary>
    /// <returns>What <see cref="EndFrame"/> takes.</returns>
    public int Frame()
    {
        Add("0000\r\n"u8);
        return Length;
    }

    /// <summary>Ends a frame of at most 65,535 bytes, or puts longer ones into several.</summary>
    public void EndFrame(int begin)
    {
        var length = Length - begin;
        if (length > 0xFFFF)
        {
            var bytes = _bytes.AsSpan(begin, length).ToArray();
            Length = begin - 6;
            for (var at = 0; at < length; at += 0xFFFF)
            {
                var part = Frame();
                Add(bytes.AsSpan(at, Math.Min(0xFFFF, length - at)));
                EndFrame(part);
            }

            return;
        }

        Utf8Formatter.TryFormat(length, _bytes.AsSpan(begin - 6, 4), out _, new System.Buffers.StandardFormat('x', 4));
        Add("\r\n"u8);
    }

    /// <summary>Adds an event.</summary>
    /// <param name="data">Its data, on one line.</param>
    /// <param name="name">Its name; null for none.</param>
    public void AddEvent(string data, string? name = null)
    {
        var begin = Frame();
        if (name is not null)
        {
            Add("event: "u8);
            AddText(name);
            Add("\n"u8);
        }

        Add("data: "u8);
        AddText(data);
        Add("\n\n"u8);
        EndFrame(begin);
    }

    public void AddNumber(long number)
    {
        Room(20);
        Utf8Formatter.TryFormat(number, _bytes.AsSpan(Length), out var written);
        Length += written;
    }

    public void AddText(string text)
    {
        Room(text.Length * 3);
        Length += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(Length));
    }

    /// <summary>Adds the text of so many tokens.</summary>
    public void AddTokens(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Add(MockText.Bytes);
        }
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        Room(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    private void Room(int bytes)
    {
        if (Length + bytes > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + bytes));
        }
    }
}
