using Crescent.Engine.Model.Gguf;

namespace Crescent.Bench.Peers;

/// <summary>A tensor to be written.</summary>
/// <param name="Name">As llama.cpp calls it.</param>
/// <param name="Shape">Extents, the contiguous one first.</param>
/// <param name="Type">How it is stored.</param>
/// <param name="Spread">Standard deviation of its values; 0 for values around 1.</param>
/// <param name="Values">Of a tensor of F32 that is not drawn: all of them.</param>
internal sealed record RandomTensor(string Name, IReadOnlyList<long> Shape, GgmlType Type, double Spread, float[]? Values = null)
{
    /// <summary>Values in a row.</summary>
    public int Columns => checked((int)Shape[0]);

    /// <summary>All extents but the first, multiplied.</summary>
    public long Rows => Shape.Skip(1).Aggregate(1L, static (product, extent) => product * extent);

    /// <summary>Bytes of a row.</summary>
    public int RowBytes => Columns / GgmlTypes.BlockLength(Type) * GgmlTypes.BlockBytes(Type);

    /// <summary>Bytes of all.</summary>
    public long Bytes => RowBytes * Rows;
}
