using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>Where things are in a panel, whatever its format.</summary>
internal static unsafe class PanelLayout
{
    /// <summary>Columns of a block.</summary>
    public const int BlockColumns = ActivationRows.Block;

    /// <summary>Bytes of four columns, a byte each, of 16 rows.</summary>
    public const int GroupBytes = 4 * WeightMatrix.PanelRows;

    /// <summary>Bytes of one half-precision scale for each row.</summary>
    public const int HalfBytes = WeightMatrix.PanelRows * sizeof(ushort);

    /// <summary>Bytes of one float for each row.</summary>
    public const int FloatBytes = WeightMatrix.PanelRows * sizeof(float);

    /// <summary>The four bytes of a group of as many rows as there are lanes, from <paramref name="row"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* group, int row)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Load((float*)(group + (4 * row)));

    /// <summary>The byte of a row's column in its group.</summary>
    public static byte* At(byte* group, int row, int column) => group + (4 * row) + (column % 4);

    /// <summary>Bits of words moved from place <paramref name="from"/> to place <paramref name="to"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Move<TLanes>(TLanes words, int from, int to)
        where TLanes : unmanaged, ILanes<TLanes> =>
        from == to ? words : from < to ? TLanes.ShiftLeftWords(words, to - from) : TLanes.ShiftRightWords(words, from - to);

    /// <summary>Half-precision values of rows from <paramref name="row"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Halves<TLanes>(byte* values, int row)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.LoadHalf((ushort*)values + row) * TLanes.Create(HalfBits.Scale);

    /// <summary>Floats of rows from <paramref name="row"/> on, times signed bytes of theirs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes FloatsTimesBytes<TLanes>(byte* floats, byte* bytes, int row)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Load((float*)floats + row) * TLanes.LoadBytes((sbyte*)bytes + row);

    /// <summary>The half at <paramref name="source"/> as a float.</summary>
    public static float Single(byte* source) => (float)*(Half*)source;
}
