namespace Crescent.Engine.Model.Gguf;

/// <summary>
/// One tensor of a mapped GGUF file. Its data stay where the file is mapped and live as long as the file stays open.
/// </summary>
public sealed unsafe class GgufTensor
{
    internal GgufTensor(string name, GgmlType type, long[] shape, byte* data, long byteLength)
        : this(name, type, shape, data, byteLength, 0, 0)
    {
    }

    private GgufTensor(string name, GgmlType type, long[] shape, byte* data, long byteLength, long rowStride, int firstColumn)
    {
        Name = name;
        Type = type;
        Shape = shape;
        Data = data;
        ByteLength = byteLength;
        Rows = shape.Skip(1).Aggregate(1L, static (product, extent) => checked(product * extent));
        RowBytes = byteLength / Rows;
        RowStride = rowStride > 0 ? rowStride : RowBytes;
        FirstColumn = firstColumn;
    }

    /// <summary>Such as <c>blk.0.attn_q.weight</c>.</summary>
    public string Name { get; }

    /// <summary>How the values are stored.</summary>
    public GgmlType Type { get; }

    /// <summary>Extents, the contiguous one first: (columns, rows[, experts]).</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Values in a row: the contiguous extent, a multiple of the type's block.</summary>
    public int Columns => checked((int)Shape[0]);

    /// <summary>All extents but the first, multiplied: rows of all experts together.</summary>
    public long Rows { get; }

    /// <summary>First byte of the first row.</summary>
    public byte* Data { get; }

    /// <summary>Bytes of the whole tensor.</summary>
    public long ByteLength { get; }

    /// <summary>Bytes of one row: of the blocks that its values are in.</summary>
    public long RowBytes { get; }

    /// <summary>Bytes from one row to the next: <see cref="RowBytes"/>, but for <see cref="SomeColumns"/>.</summary>
    public long RowStride { get; }

    /// <summary>Values of the first block of a row that come before the row's first: 0, but for <see cref="SomeColumns"/>.</summary>
    public int FirstColumn { get; }

    /// <summary>The stored bytes of row <paramref name="row"/>.</summary>
    public ReadOnlySpan<byte> Row(long row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        return new ReadOnlySpan<byte>(Data + (row * RowStride), checked((int)RowBytes));
    }

    /// <summary>Some rows of the tensor as a matrix of their own; its name says which.</summary>
    public GgufTensor Slice(long first, long rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, Rows - rows);
        return new GgufTensor($"{Name}[{first}..{first + rows}]", Type, [Shape[0], rows], Data + (first * RowStride), rows * RowBytes, RowStride, FirstColumn);
    }

    /// <summary>
    /// Some columns of all rows as a matrix of their own; its name says which. Rows are then <see cref="RowStride"/> apart and may begin and end within a block, after
    /// <see cref="FirstColumn"/> others: only who heeds that can read it.
    /// </summary>
    public GgufTensor SomeColumns(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, Columns - count);
        var (length, bytes) = (GgmlTypes.BlockLength(Type), GgmlTypes.BlockBytes(Type));
        var start = FirstColumn + first;
        var blocks = ((start + count - 1) / length) - (start / length) + 1;
        return new GgufTensor(
            $"{Name}[, {first}..{first + count}]", Type, [count, Rows], Data + ((long)(start / length) * bytes), Rows * blocks * bytes, RowStride, start % length);
    }

    /// <summary><c>Q8_0 (576, 49152)</c>.</summary>
    public override string ToString() => $"{Type} ({string.Join(", ", Shape)})";
}
