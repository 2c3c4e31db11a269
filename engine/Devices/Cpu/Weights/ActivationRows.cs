using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights;

/// <summary>Room for rows of activations in each <see cref="ActivationFormat"/> that the model's matrices ask for.</summary>
internal sealed unsafe class ActivationRows : IDisposable
{
    /// <summary>Values in a block.</summary>
    public const int Block = 32;

    /// <summary>Bytes of the floats behind a block's numbers: its scale, then the scale times the sum of all, the first 16 and the last 16.</summary>
    public const int ScaleBytes = 4 * sizeof(float);

    // The largest magnitude in a block becomes this number.
    private const float BytesRange = sbyte.MaxValue;
    private const float WordsRange = short.MaxValue;

    // A block of values below this is taken for zeros; its inverse scale would not be finite.
    private const float Smallest = 1e-30f;

    private readonly NativeBuffer? _floats;
    private readonly NativeBuffer? _bytes;
    private readonly NativeBuffer? _wideBytes;
    private readonly NativeBuffer? _words;

    /// <summary>Room for <paramref name="rows"/> rows of at most <paramref name="columns"/> values.</summary>
    public ActivationRows(int rows, int columns, ActivationFormat formats)
    {
        _floats = Allocate(ActivationFormat.Floats);
        _bytes = Allocate(ActivationFormat.Bytes);
        _wideBytes = Allocate(ActivationFormat.WideBytes);
        _words = Allocate(ActivationFormat.Words);

        NativeBuffer? Allocate(ActivationFormat format) =>
            formats.HasFlag(format) ? new NativeBuffer(rows * (long)Stride(format, columns)) : null;
    }

    /// <summary>Bytes of a block of 32 values.</summary>
    public static int BlockBytes(ActivationFormat format) => format switch
    {
        ActivationFormat.Floats => Block * sizeof(float),
        ActivationFormat.Bytes => Block + ScaleBytes,
        ActivationFormat.WideBytes or ActivationFormat.Words => (2 * Block) + ScaleBytes,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, null),
    };

    /// <summary>Bytes of the four numbers of a block that a product takes at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int GroupBytes(ActivationFormat format) => format == ActivationFormat.Bytes ? 4 : 8;

    /// <summary>Bytes from one row to the next: whole cache lines, so that no two threads write to one.</summary>
    public static int Stride(ActivationFormat format, int columns) =>
        NativeBuffer.RoundUp((columns + Block - 1) / Block * BlockBytes(format), NativeBuffer.Alignment);

    /// <summary>The first row in <paramref name="format"/>.</summary>
    public byte* Data(ActivationFormat format) => format switch
    {
        ActivationFormat.Floats => _floats!.Data,
        ActivationFormat.Bytes => _bytes!.Data,
        ActivationFormat.WideBytes => _wideBytes!.Data,
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
        if ((formats & ActivationFormat.WideBytes) != 0)
            ToWords<TLanes>(values, columns, _wideBytes!.Data + ((nint)row * Stride(ActivationFormat.WideBytes, columns)), BytesRange);
        if ((formats & ActivationFormat.Words) != 0)
            ToWords<TLanes>(values, columns, _words!.Data + ((nint)row * Stride(ActivationFormat.Words, columns)), WordsRange);
    }

    public void Dispose()
    {
        _floats?.Dispose();
        _bytes?.Dispose();
        _wideBytes?.Dispose();
        _words?.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToBytes<TLanes>(float* x, int columns, byte* block)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        for (var b = 0; b < columns; b += Block, block += Block + ScaleBytes)
        {
            var scale = Scale<TLanes>(x + b, BytesRange, out var inverse);
            var factor = TLanes.Create(inverse);
            TLanes first = TLanes.Zero, last = TLanes.Zero;
            for (var i = 0; i < Block / 2; i += TLanes.Count)
            {
                var low = TLanes.Round(TLanes.Load(x + b + i) * factor);
                var high = TLanes.Round(TLanes.Load(x + b + 16 + i) * factor);
                TLanes.StoreBytes(low, (sbyte*)block + i);
                TLanes.StoreBytes(high, (sbyte*)block + 16 + i);
                first += low;
                last += high;
            }

            PutScales((float*)(block + Block), scale, TLanes.Sum(first), TLanes.Sum(last));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToWords<TLanes>(float* x, int columns, byte* block, float range)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        for (var b = 0; b < columns; b += Block, block += (2 * Block) + ScaleBytes)
        {
            var scale = Scale<TLanes>(x + b, range, out var inverse);
            var factor = TLanes.Create(inverse);
            TLanes first = TLanes.Zero, last = TLanes.Zero;
            for (var i = 0; i < Block / 2; i += TLanes.Count)
            {
                var low = TLanes.Round(TLanes.Load(x + b + i) * factor);
                var high = TLanes.Round(TLanes.Load(x + b + 16 + i) * factor);
                TLanes.StoreWords(low, (short*)block + i);
                TLanes.StoreWords(high, (short*)block + 16 + i);
                first += low;
                last += high;
            }

            for (var four = (ulong*)block; four < block + (2 * Block); four++)
                *four = (*four & 0xFFFF_0000_0000_FFFF) | ((*four >> 16) & 0xFFFF_0000) | ((*four & 0xFFFF_0000) << 16);
            PutScales((float*)(block + (2 * Block)), scale, TLanes.Sum(first), TLanes.Sum(last));
        }
    }

    // The sums are whole numbers below 2^24, so they are exact in any order.
    private static void PutScales(float* target, float scale, float first, float last)
    {
        target[0] = scale;
        target[1] = scale * (first + last);
        target[2] = scale * first;
        target[3] = scale * last;
    }

    /// <summary>The scale of a block, largest magnitude / range, and its inverse.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Scale<TLanes>(float* x, float range, out float inverse)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var most = TLanes.Abs(TLanes.Load(x));
        for (var i = TLanes.Count; i < Block; i += TLanes.Count)
            most = TLanes.Max(most, TLanes.Abs(TLanes.Load(x + i)));
        var largest = TLanes.Maximum(most);
        inverse = largest > Smallest ? range / largest : 0;
        return largest / range;
    }
}
