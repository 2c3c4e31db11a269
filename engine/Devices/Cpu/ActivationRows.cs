using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;
using Crescent.Engine.Devices.Cpu.Weights;

namespace Crescent.Engine.Devices.Cpu;

/// <summary>Room for rows of activations in each <see cref="ActivationFormat"/> that the model's matrices ask for.</summary>
internal sealed unsafe class ActivationRows : IDisposable
{
    /// <summary>Values in a block.</summary>
    public const int Block = 32;

    // The largest magnitude in a block becomes this number.
    private const float BytesRange = sbyte.MaxValue;
    private const float WordsRange = short.MaxValue;

    // A block of values below this is taken for zeros; its inverse scale would not be finite.
    private const float Smallest = 1e-30f;

    private readonly NativeBuffer? _floats;
    private readonly NativeBuffer? _bytes;
    private readonly NativeBuffer? _words;

    /// <summary>Room for <paramref name="rows"/> rows of at most <paramref name="columns"/> values.</summary>
    public ActivationRows(int rows, int columns, ActivationFormat formats)
    {
        _floats = Allocate(ActivationFormat.Floats);
        _bytes = Allocate(ActivationFormat.Bytes);
        _words = Allocate(ActivationFormat.Words);

        NativeBuffer? Allocate(ActivationFormat format) =>
            formats.HasFlag(format) ? new NativeBuffer(rows * (long)Stride(format, columns)) : null;
    }

    /// <summary>Bytes of a block of 32 values.</summary>
    public static int BlockBytes(ActivationFormat format) => format switch
    {
        ActivationFormat.Floats => Block * sizeof(float),
        ActivationFormat.Bytes => Block + 8,
        ActivationFormat.Words => (2 * Block) + 8,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, null),
    };

    /// <summary>Bytes from one row to the next: whole cache lines, so that no two threads write to one.</summary>
    public static int Stride(ActivationFormat format, int columns) =>
        NativeBuffer.RoundUp((columns + Block - 1) / Block * BlockBytes(format), NativeBuffer.Alignment);

    /// <summary>The first row in <paramref name="format"/>.</summary>
    public byte* Data(ActivationFormat format) => format switch
    {
        ActivationFormat.Floats => _floats!.Data,
        ActivationFormat.Bytes => _bytes!.Data,
        _ => _words!.Data,
    };

    /// <summary>Writes row <paramref name="row"/> in each of <paramref name="formats"/>.</summary>
    public void Write<TLanes>(ActivationFormat formats, int row, float* values, int columns)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        if ((formats & ActivationFormat.Floats) != 0)
        {
            var target = _floats!.Data + ((nint)row * Stride(ActivationFormat.Floats, columns));
            new ReadOnlySpan<float>(values, columns).CopyTo(new Span<float>(target, columns));
        }

        if ((formats & ActivationFormat.Bytes) != 0)
            ToBytes<TLanes>(values, columns, _bytes!.Data + ((nint)row * Stride(ActivationFormat.Bytes, columns)));
        if ((formats & ActivationFormat.Words) != 0)
            ToWords<TLanes>(values, columns, _words!.Data + ((nint)row * Stride(ActivationFormat.Words, columns)));
    }

    public void Dispose()
    {
        _floats?.Dispose();
        _bytes?.Dispose();
        _words?.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToBytes<TLanes>(float* x, int columns, byte* block)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        for (var b = 0; b < columns; b += Block, block += Block + 8)
        {
            var inverse = TLanes.Create(Scale<TLanes>(x + b, BytesRange, (float*)(block + Block)));
            var sum = TLanes.Zero;
            for (var i = 0; i < Block; i += TLanes.Count)
            {
                var whole = TLanes.Round(TLanes.Load(x + b + i) * inverse);
                TLanes.StoreBytes(whole, (sbyte*)block + i);
                sum += whole;
            }

            *(int*)(block + Block + 4) = (int)TLanes.Sum(sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToWords<TLanes>(float* x, int columns, byte* block)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        for (var b = 0; b < columns; b += Block, block += (2 * Block) + 8)
        {
            var inverse = TLanes.Create(Scale<TLanes>(x + b, WordsRange, (float*)(block + (2 * Block))));
            var sum = TLanes.Zero;
            for (var i = 0; i < Block; i += TLanes.Count)
            {
                var whole = TLanes.Round(TLanes.Load(x + b + i) * inverse);
                TLanes.StoreWords(whole, (short*)block + i);
                sum += whole;
            }

            *(int*)(block + (2 * Block) + 4) = (int)TLanes.Sum(sum);
        }
    }

    /// <summary>Writes the scale of a block, largest magnitude / range, times 2^112 and returns its inverse.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Scale<TLanes>(float* x, float range, float* scale)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var most = TLanes.Abs(TLanes.Load(x));
        for (var i = TLanes.Count; i < Block; i += TLanes.Count)
            most = TLanes.Max(most, TLanes.Abs(TLanes.Load(x + i)));
        var largest = TLanes.Maximum(most);
        *scale = largest / range * HalfBits.Scale;
        return largest > Smallest ? range / largest : 0;
    }
}
