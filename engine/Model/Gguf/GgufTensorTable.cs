namespace Crescent.Engine.Model.Gguf;

/// <summary>
/// The tensor descriptions of a GGUF file: read in order, then set against the data section, in which every tensor must lie
/// whole, aligned, and apart from the others.
/// </summary>
internal sealed class GgufTensorTable
{
    private const int MaxNameBytes = 64;
    private const int MaxDimensions = 4;
    private const int DefaultAlignment = 32;

    private readonly string _path;
    private readonly List<Entry> _entries = [];

    private GgufTensorTable(string path) => _path = path;

    /// <summary>Bytes that a description takes at the least: name, dimension count, one extent, type, offset.</summary>
    public static int LeastBytes => 8 + 1 + 4 + 8 + 4 + 8;

    /// <summary>Reads <paramref name="count"/> descriptions, which end the header, and places them in the data after it.</summary>
    public static Dictionary<string, GgufTensor> Read(
        string path, GgufBytes bytes, ref GgufCursor cursor, long count, GgufMetadata metadata)
    {
        var table = new GgufTensorTable(path);
        for (var i = 0L; i < count; i++)
        {
            table._entries.Add(ReadEntry(ref cursor, i));
        }

        var alignment = Alignment(metadata);
        var dataStart = (cursor.Position + alignment - 1) & -alignment;
        table.CheckPlaces(alignment, bytes.Length - dataStart);
        return table.Build(bytes, dataStart);
    }

    private static Entry ReadEntry(ref GgufCursor cursor, long index)
    {
        var at = cursor.Position;
        var name = cursor.ReadString("tensor name", MaxNameBytes, index);
        if (name.Length == 0)
        {
            throw cursor.Fault(at, $"tensor name[{index}]", "the name is empty");
        }

        var dimensionsAt = cursor.Position;
        var dimensions = cursor.ReadUInt32(name);
        if (dimensions is 0 or > MaxDimensions)
        {
            throw cursor.Fault(dimensionsAt, name, $"{dimensions} dimensions; a tensor has 1 to {MaxDimensions}");
        }

        var shapeAt = cursor.Position;
        var shape = new long[dimensions];
        for (var i = 0; i < shape.Length; i++)
        {
            var extentAt = cursor.Position;
            var extent = cursor.ReadUInt64(name);
            shape[i] = extent is > 0 and <= int.MaxValue
                ? (long)extent
                : throw cursor.Fault(extentAt, name, $"extent {i} is {extent}; it must be 1 to {int.MaxValue}");
        }

        var typeAt = cursor.Position;
        var number = cursor.ReadUInt32(name);
        if (number > int.MaxValue || !Enum.IsDefined((GgmlType)number))
        {
            throw cursor.Fault(typeAt, name,
                $"tensor type {GgmlTypes.Describe(number)} is not supported; use a file with {string.Join(", ", Enum.GetNames<GgmlType>())}");
        }

        var type = (GgmlType)number;
        var blockLength = GgmlTypes.BlockLength(type);
        if (shape[0] % blockLength != 0)
        {
            throw cursor.Fault(shapeAt, name, $"{shape[0]} columns are no multiple of the {blockLength} values of a {type} block");
        }

        // Each factor is below 2^31, so the product of a row's bytes and the first extents fits 128 bits.
        var length = (Int128)(shape[0] / blockLength) * GgmlTypes.BlockBytes(type);
        if (length > int.MaxValue)
        {
            throw cursor.Fault(shapeAt, name, $"a row of {length} bytes; at most {int.MaxValue} are read");
        }

        foreach (var extent in shape.Skip(1))
        {
            length *= extent;
        }

        if (length > long.MaxValue)
        {
            throw cursor.Fault(shapeAt, name, $"({string.Join(", ", shape)}) values take {length} bytes, more than any file has");
        }

        var offsetAt = cursor.Position;
        var offset = cursor.ReadUInt64(name);
        return new Entry(name, at, type, shape, (long)length, offset, offsetAt);
    }

    private static long Alignment(GgufMetadata metadata)
    {
        const string Key = "general.alignment";
        var alignment = metadata.FindInteger(Key) ?? DefaultAlignment;
        return alignment is >= 8 and <= int.MaxValue && long.IsPow2(alignment)
            ? alignment
            : throw metadata.Fault(Key, $"{alignment} is no alignment; it must be a power of two of at least 8");
    }

    private void CheckPlaces(long alignment, long dataLength)
    {
        foreach (var entry in _entries)
        {
            if (entry.Offset % (ulong)alignment != 0)
            {
                throw Fault(entry, $"data offset {entry.Offset} is no multiple of the alignment {alignment}");
            }

            if (dataLength < entry.Length || entry.Offset > (ulong)(dataLength - entry.Length))
            {
                throw Fault(entry, $"{entry.Length} bytes at {entry.Offset} of the data section do not lie within "
                    + $"its {Math.Max(0, dataLength)} bytes; the file may be truncated");
            }
        }

        Entry? last = null;
        foreach (var entry in _entries.OrderBy(static entry => entry.Offset))
        {
            if (last is not null && entry.Offset < last.Offset + (ulong)last.Length)
            {
                throw Fault(entry, $"its data at {entry.Offset} overlap those of {GgufCursor.Printable(last.Name)}, "
                    + $"{last.Length} bytes at {last.Offset}");
            }

            last = entry;
        }
    }

    private unsafe Dictionary<string, GgufTensor> Build(GgufBytes bytes, long dataStart)
    {
        var tensors = new Dictionary<string, GgufTensor>(StringComparer.Ordinal);
        foreach (var entry in _entries)
        {
            var data = bytes.Start + dataStart + (long)entry.Offset;
            if (!tensors.TryAdd(entry.Name, new GgufTensor(entry.Name, entry.Type, entry.Shape, data, entry.Length)))
            {
                throw new InvalidModelException(_path, GgufCursor.Printable(entry.Name), entry.At, "the tensor is there twice");
            }
        }

        return tensors;
    }

    private InvalidModelException Fault(Entry entry, string fault)
        => new(_path, GgufCursor.Printable(entry.Name), entry.OffsetAt, fault);

    /// <summary>A description; <c>At</c> and <c>OffsetAt</c> say where in the file it and its data offset stand.</summary>
    private sealed record Entry(string Name, long At, GgmlType Type, long[] Shape, long Length, ulong Offset, long OffsetAt);
}
