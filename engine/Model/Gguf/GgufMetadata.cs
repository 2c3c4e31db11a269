namespace Crescent.Engine.Model.Gguf;

/// <summary>
/// The key-value pairs of a GGUF file: walked and checked once, decoded when asked for. Single values are of any type that fits;
/// a wrong one is an <see cref="InvalidModelException"/> that names the key.
/// </summary>
internal sealed class GgufMetadata
{
    private const int MaxKeyBytes = 65535;
    private const int MaxNesting = 4;

    // A key has a length and a byte, a value its type and a byte.
    private const int LeastPairBytes = 8 + 1 + 4 + 1;

    private readonly string _path;
    private readonly GgufBytes _bytes;
    private readonly Dictionary<string, GgufValue> _values = new(StringComparer.Ordinal);

    private GgufMetadata(string path, GgufBytes bytes)
    {
        _path = path;
        _bytes = bytes;
    }

    /// <summary>All keys, in the order of the file.</summary>
    public IReadOnlyCollection<string> Keys => _values.Keys;

    /// <summary>Bytes that an entry of <see cref="Read"/>'s count takes at the least.</summary>
    public static int LeastBytes => LeastPairBytes;

    /// <summary>Walks <paramref name="count"/> pairs from where <paramref name="cursor"/> stands.</summary>
    public static GgufMetadata Read(string path, GgufBytes bytes, ref GgufCursor cursor, long count)
    {
        var metadata = new GgufMetadata(path, bytes);
        for (var i = 0L; i < count; i++)
        {
            var at = cursor.Position;
            var key = cursor.ReadString("metadata key", MaxKeyBytes, i);
            if (key.Length == 0)
            {
                throw cursor.Fault(at, $"metadata key[{i}]", "the key is empty");
            }

            if (!metadata._values.TryAdd(key, Walk(ref cursor, key)))
            {
                throw cursor.Fault(at, key, "the key is there twice");
            }
        }

        return metadata;
    }

    /// <summary>The value of <paramref name="key"/>, or null.</summary>
    public GgufValue? Find(string key) => _values.TryGetValue(key, out var value) ? value : null;

    /// <summary>A fault in the value of <paramref name="key"/>.</summary>
    public InvalidModelException Fault(string key, string fault)
        => Find(key) is { } value
            ? new InvalidModelException(_path, GgufCursor.Printable(key), value.Offset, fault)
            : new InvalidModelException(_path, GgufCursor.Printable(key), fault);

    public string? FindString(string key)
    {
        if (Single(key, "a string", static type => type == GgufValueType.String) is not { } value)
        {
            return null;
        }

        return CursorAt(value).ReadString(key);
    }

    public long? FindInteger(string key)
    {
        if (Single(key, "an integer", IsInteger) is not { } value)
        {
            return null;
        }

        var cursor = CursorAt(value);
        return DecodeInteger(ref cursor, key, value.Type);
    }

    public double? FindFloat(string key)
    {
        if (Single(key, "a float", IsFloat) is not { } value)
        {
            return null;
        }

        var cursor = CursorAt(value);
        return DecodeFloat(ref cursor, key, value.Type);
    }

    public bool? FindBoolean(string key)
    {
        if (Single(key, "a boolean", static type => type == GgufValueType.Boolean) is not { } value)
        {
            return null;
        }

        return CursorAt(value).ReadByte(key) != 0;
    }

    public string[]? FindStrings(string key)
        => FindArray(key, "strings", static type => type == GgufValueType.String,
            static (ref cursor, key, _, element) => cursor.ReadString(key, element: element));

    public float[]? FindFloats(string key)
        => FindArray(key, "floats", IsFloat, static (ref cursor, key, type, _) => (float)DecodeFloat(ref cursor, key, type));

    public bool[]? FindBooleans(string key)
        => FindArray(key, "booleans", static type => type == GgufValueType.Boolean, static (ref cursor, key, _, element) => cursor.ReadByte(key, element) != 0);

    public int[]? FindIntegers(string key)
        => FindArray(key, "integers", IsInteger, static (ref cursor, key, type, element) =>
        {
            var at = cursor.Position;
            var value = DecodeInteger(ref cursor, key, type);
            return value is >= int.MinValue and <= int.MaxValue
                ? (int)value
                : throw cursor.Fault(at, $"{key}[{element}]", $"{value} does not fit 32 bits");
        });

    private delegate T Decode<T>(ref GgufCursor cursor, string key, GgufValueType type, long element);

    private static bool IsInteger(GgufValueType type) => type is GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.UInt16
        or GgufValueType.Int16 or GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.UInt64 or GgufValueType.Int64;

    private static bool IsFloat(GgufValueType type) => type is GgufValueType.Float32 or GgufValueType.Float64;

    private static long DecodeInteger(ref GgufCursor cursor, string key, GgufValueType type)
    {
        var at = cursor.Position;
        switch (type)
        {
            case GgufValueType.UInt8: return cursor.ReadByte(key);
            case GgufValueType.Int8: return (sbyte)cursor.ReadByte(key);
            case GgufValueType.UInt16: return cursor.ReadUInt16(key);
            case GgufValueType.Int16: return (short)cursor.ReadUInt16(key);
            case GgufValueType.UInt32: return cursor.ReadUInt32(key);
            case GgufValueType.Int32: return (int)cursor.ReadUInt32(key);
            case GgufValueType.Int64: return (long)cursor.ReadUInt64(key);
            default:
                var value = cursor.ReadUInt64(key);
                return value <= long.MaxValue ? (long)value : throw cursor.Fault(at, key, $"{value} does not fit 63 bits");
        }
    }

    private static double DecodeFloat(ref GgufCursor cursor, string key, GgufValueType type)
        => type == GgufValueType.Float32 ? cursor.ReadFloat32(key) : cursor.ReadFloat64(key);

    private static GgufValue Walk(ref GgufCursor cursor, string key)
    {
        var type = ReadType(ref cursor, key);
        var start = cursor.Position;
        if (type == GgufValueType.Array)
        {
            return WalkArray(ref cursor, key, 1);
        }

        if (type == GgufValueType.String)
        {
            cursor.ReadStringBytes(key);
        }
        else if (type == GgufValueType.Boolean)
        {
            WalkBooleans(ref cursor, key, 1);
        }
        else
        {
            cursor.Skip(Size(type), key);
        }

        return new GgufValue(type, type, 1, start);
    }

    private static GgufValue WalkArray(ref GgufCursor cursor, string key, int depth)
    {
        if (depth > MaxNesting)
        {
            throw cursor.Fault(cursor.Position, key, $"arrays in arrays more than {MaxNesting} deep");
        }

        var type = ReadType(ref cursor, key);
        var count = cursor.ReadCount(key, Size(type));
        var start = cursor.Position;
        switch (type)
        {
            case GgufValueType.Array:
                for (var i = 0L; i < count; i++)
                {
                    WalkArray(ref cursor, key, depth + 1);
                }

                break;
            case GgufValueType.String:
                for (var i = 0L; i < count; i++)
                {
                    cursor.ReadStringBytes(key, element: i);
                }

                break;
            case GgufValueType.Boolean:
                WalkBooleans(ref cursor, key, count);
                break;
            default:
                cursor.Skip(count * Size(type), key);
                break;
        }

        return new GgufValue(GgufValueType.Array, type, count, start);
    }

    private static void WalkBooleans(ref GgufCursor cursor, string key, long count)
    {
        for (var i = 0L; i < count; i++)
        {
            var at = cursor.Position;
            var value = cursor.ReadByte(key);
            if (value > 1)
            {
                throw cursor.Fault(at, key, $"{value} is no boolean; it must be 0 or 1");
            }
        }
    }

    private static GgufValueType ReadType(ref GgufCursor cursor, string key)
    {
        var at = cursor.Position;
        var number = cursor.ReadUInt32(key);
        return number <= (uint)GgufValueType.Float64
            ? (GgufValueType)number
            : throw cursor.Fault(at, key, $"value type {number} is unknown; GGUF has 0 to {(uint)GgufValueType.Float64}");
    }

    /// <summary>Bytes of a value; of a string its length, of an array its type and count: the least they can take.</summary>
    private static int Size(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Boolean => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.Array => 12,
        _ => 8,
    };

    private GgufValue? Single(string key, string wanted, Func<GgufValueType, bool> fits)
        => Find(key) is not { } value ? null
            : !value.IsArray && fits(value.Type) ? value
            : throw Fault(key, $"is of type {value} where {wanted} is needed");

    private T[]? FindArray<T>(string key, string wanted, Func<GgufValueType, bool> fits, Decode<T> decode)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        if (!value.IsArray || !fits(value.ElementType))
        {
            throw Fault(key, $"is of type {value} where an array of {wanted} is needed");
        }

        if (value.Count > Array.MaxLength)
        {
            throw Fault(key, $"has {value.Count} elements; at most {Array.MaxLength} are read");
        }

        var cursor = CursorAt(value);
        var values = new T[value.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = decode(ref cursor, key, value.ElementType, i);
        }

        return values;
    }

    private unsafe GgufCursor CursorAt(GgufValue value) => new(_path, _bytes.Start, _bytes.Length, value.Offset);
}
