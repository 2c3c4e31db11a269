using System.Buffers.Binary;
using System.Text;

namespace Crescent.Engine.Model.Gguf;

/// <summary>
/// Reads a GGUF file's little-endian fields in order and never past its end: every read first compares what it needs with what
/// is left, and names the field and the offset where it falls short.
/// </summary>
internal unsafe struct GgufCursor(string path, byte* start, long length, long position = 0)
{
    /// <summary>Longest string that is read, in bytes; the largest chat templates have a few tens of thousands.</summary>
    public const long MaxStringBytes = 64L << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Offset of the next byte.</summary>
    public long Position { get; private set; } = position;

    /// <summary>Bytes after <see cref="Position"/>.</summary>
    public readonly long Remaining => length - Position;

    public byte ReadByte(string field, long element = -1) => Take(1, field, element)[0];

    public ushort ReadUInt16(string field, long element = -1) => BinaryPrimitives.ReadUInt16LittleEndian(Take(2, field, element));

    public uint ReadUInt32(string field, long element = -1) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, field, element));

    public ulong ReadUInt64(string field, long element = -1) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, field, element));

    public float ReadFloat32(string field, long element = -1) => BinaryPrimitives.ReadSingleLittleEndian(Take(4, field, element));

    public double ReadFloat64(string field, long element = -1) => BinaryPrimitives.ReadDoubleLittleEndian(Take(8, field, element));

    /// <summary>A count of things that take at least <paramref name="leastBytes"/> each.</summary>
    public long ReadCount(string field, int leastBytes, long element = -1)
    {
        var at = Position;
        var count = ReadUInt64(field, element);
        if (count > (ulong)(Remaining / leastBytes))
        {
            throw Fault(at, field, element, $"{count} is more than the {Remaining} bytes that are left of the file can hold");
        }

        return (long)count;
    }

    /// <summary>A length and that many bytes.</summary>
    public ReadOnlySpan<byte> ReadStringBytes(string field, long maximum = MaxStringBytes, long element = -1)
    {
        var at = Position;
        var bytes = ReadCount(field, 1, element);
        if (bytes > maximum)
        {
            throw Fault(at, field, element, $"a string of {bytes} bytes; at most {maximum} are read");
        }

        return Take((int)bytes, field, element);
    }

    /// <summary>A length and that many bytes of UTF-8.</summary>
    public string ReadString(string field, long maximum = MaxStringBytes, long element = -1)
    {
        var at = Position;
        var bytes = ReadStringBytes(field, maximum, element);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Fault(at, field, element, "the string is not valid UTF-8");
        }
    }

    /// <summary>Passes over <paramref name="bytes"/>, which must be there.</summary>
    public void Skip(long bytes, string field)
    {
        if (bytes > Remaining)
        {
            throw Truncated(bytes, field, -1);
        }

        Position += bytes;
    }

    /// <summary>A fault in <paramref name="field"/>, which begins at <paramref name="at"/>.</summary>
    public readonly InvalidModelException Fault(long at, string field, string fault) => new(path, Printable(field), at, fault);

    /// <summary>A name from the file as it may stand in a message or a terminal: short and without control characters.</summary>
    internal static string Printable(string name)
    {
        const int Longest = 80;
        var shown = name.Length > Longest ? name[..Longest] + "..." : name;
        return string.Create(shown.Length, shown, static (span, text) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(text[i]) || char.IsSurrogate(text[i]) ? '?' : text[i];
            }
        });
    }

    private readonly InvalidModelException Fault(long at, string field, long element, string fault)
        => Fault(at, element < 0 ? field : $"{field}[{element}]", fault);

    private readonly InvalidModelException Truncated(long bytes, string field, long element)
        => Fault(Position, field, element, $"the file ends here: {bytes} bytes are needed and {Remaining} are left");

    private ReadOnlySpan<byte> Take(int bytes, string field, long element)
    {
        if (bytes > Remaining)
        {
            throw Truncated(bytes, field, element);
        }

        var taken = new ReadOnlySpan<byte>(start + Position, bytes);
        Position += bytes;
        return taken;
    }
}
