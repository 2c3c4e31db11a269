using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>
/// The types with one scale for a block of 64 to 256 values of -1 to 2: a header of 16 scales as floats; blocks of number + 1. A weight is scale * (number - 1).
/// </summary>
internal readonly unsafe struct FewBits<TNumbers> : IPanelFormat
    where TNumbers : IFewBitNumbers
{
    public static int SourceBytes => TNumbers.SourceBytes;

    public static int Blocks => TNumbers.Blocks;

    public static int HeaderBytes => PanelLayout.FloatBytes;

    public static int BlockBytes => TwoBits.Bytes;

    public static int Largest => 3;

    public static bool Halves => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Numbers<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        TwoBits.Get<TLanes>(block, row, half, group, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Scales<TLanes>(byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        TLanes.Load((float*)header + row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Minima<TLanes>(TLanes scales, byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        scales * TLanes.Create(-1f);

    public static void Pack(byte* source, byte* panel, int row)
    {
        Span<sbyte> numbers = stackalloc sbyte[Blocks * PanelLayout.BlockColumns];
        Span<byte> shifted = stackalloc byte[PanelLayout.BlockColumns];
        ((float*)panel)[row] = TNumbers.Read(new ReadOnlySpan<byte>(source, SourceBytes), numbers);
        for (var b = 0; b < Blocks; b++)
        {
            for (var c = 0; c < shifted.Length; c++)
                shifted[c] = (byte)(numbers[(b * PanelLayout.BlockColumns) + c] + 1);
            TwoBits.Put(shifted, panel + HeaderBytes + (b * BlockBytes), row, 0);
        }
    }
}

/// <summary>What each of them has of its own.</summary>
internal interface IFewBitNumbers
{
    /// <summary>Bytes of a block in the file.</summary>
    static abstract int SourceBytes { get; }

    /// <summary>How many times 32 values it has.</summary>
    static abstract int Blocks { get; }

    /// <summary>Its numbers; returns its scale.</summary>
    static abstract float Read(ReadOnlySpan<byte> block, Span<sbyte> numbers);
}

/// <summary>One bit, twice two bits: every second code is not used.</summary>
internal readonly struct Q1_0 : IFewBitNumbers
{
    public static int SourceBytes => 18;

    public static int Blocks => 4;

    public static float Read(ReadOnlySpan<byte> block, Span<sbyte> numbers) => FewBitBlocks.ReadQ1_0(block, numbers);
}

/// <summary>Two bits.</summary>
internal readonly struct Q2_0 : IFewBitNumbers
{
    public static int SourceBytes => 18;

    public static int Blocks => 2;

    public static float Read(ReadOnlySpan<byte> block, Span<sbyte> numbers) => FewBitBlocks.ReadQ2_0(block, numbers);
}

/// <summary>Digits to the base of three.</summary>
internal readonly struct TQ1_0 : IFewBitNumbers
{
    public static int SourceBytes => 54;

    public static int Blocks => 8;

    public static float Read(ReadOnlySpan<byte> block, Span<sbyte> numbers) => FewBitBlocks.ReadTQ1_0(block, numbers);
}

/// <summary>Two bits, of which three codes are used.</summary>
internal readonly struct TQ2_0 : IFewBitNumbers
{
    public static int SourceBytes => 66;

    public static int Blocks => 8;

    public static float Read(ReadOnlySpan<byte> block, Span<sbyte> numbers) => FewBitBlocks.ReadTQ2_0(block, numbers);
}
