namespace Crescent.Client.Load.Wire;

/// <summary>Cuts a stream of server-sent events into the data of its lines. A line whole in one piece is not copied.</summary>
internal sealed class EventLines
{
    /// <summary>Longest line, in bytes.</summary>
    public const int LongestLine = 4 << 20;

    private const int FirstBuffer = 4 << 10;

    private byte[] _kept = new byte[FirstBuffer];
    private int _length;

    /// <summary>Takes the data of a line.</summary>
    public delegate void DataHandler(ReadOnlySpan<byte> data);

    /// <summary>Makes ready for the next stream.</summary>
    public void Reset() => _length = 0;

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="FormatException">A line is too long.</exception>
    public void Feed(ReadOnlySpan<byte> bytes, DataHandler handler)
    {
        while (true)
        {
            var end = bytes.IndexOf((byte)'\n');
            if (end < 0)
            {
                Keep(bytes);
                return;
            }

            if (_length == 0)
            {
                Line(bytes[..end], handler);
            }
            else
            {
                Keep(bytes[..end]);
                var length = _length;
                _length = 0;
                Line(_kept.AsSpan(0, length), handler);
            }

            bytes = bytes[(end + 1)..];
        }
    }

    private static void Line(ReadOnlySpan<byte> line, DataHandler handler)
    {
        if (line.StartsWith("data:"u8))
        {
            line = line[5..].Trim("\r "u8);
            if (line.Length > 0)
            {
                handler(line);
            }
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length > LongestLine)
        {
            throw new FormatException($"an event has more than {LongestLine} bytes");
        }

        if (_length + bytes.Length > _kept.Length)
        {
            Array.Resize(ref _kept, Math.Max(_kept.Length * 2, _length + bytes.Length));
        }

        bytes.CopyTo(_kept.AsSpan(_length));
        _length += bytes.Length;
    }
}
