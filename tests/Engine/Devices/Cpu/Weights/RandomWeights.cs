using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Devices.Cpu.Weights;

/// <summary>Rows of any tensor type made of random bytes, every value finite.</summary>
internal sealed unsafe class RandomWeights : IDisposable
{
    private readonly NativeBuffer _bytes;

    public RandomWeights(GgmlType type, int columns, int rows, int seed)
    {
        Type = type;
        Columns = columns;
        Rows = rows;
        var random = new Random(seed);
        var length = GgmlTypes.BlockLength(type);
        var block = new byte[GgmlTypes.BlockBytes(type)];
        var values = new float[length];
        var blocks = columns / length * rows;
        _bytes = new NativeBuffer((long)blocks * block.Length);
        Values = new float[columns * rows];
        for (var b = 0; b < blocks; b++)
        {
            do
            {
                random.NextBytes(block);
                Dequantizer.Dequantize(type, block, values);
            }
            while (!values.All(static value => float.Abs(value) < 1e4f));
            block.CopyTo(new Span<byte>(_bytes.Data + ((long)b * block.Length), block.Length));
            values.CopyTo(Values.AsSpan(b * length));
        }
    }

    public GgmlType Type { get; }

    public int Columns { get; }

    public int Rows { get; }

    /// <summary>The stored rows.</summary>
    public byte* Data => _bytes.Data;

    /// <summary>(columns, rows): what they mean.</summary>
    public float[] Values { get; }

    public void Dispose() => _bytes.Dispose();
}
