using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>
/// A panel with its numbers as bytes and its scales and minima as floats, as a call with many tokens makes it once for all of them: 8 groups for
/// each block of 32 columns (<see cref="EightBits"/>), and then, for each block or each half of one, 16 scales and 16 minima.
/// </summary>
/// <param name="Memory">For each block of 32 columns <see cref="BlockBytes"/> bytes and then, for each part, <see cref="PartFloats"/> floats: at most 24 bytes a column.</param>
/// <param name="Blocks">In the panel.</param>
/// <param name="Parts">Of a block that have scales of their own: 1 or 2.</param>
internal readonly unsafe record struct UnpackedPanel(nint Memory, int Blocks, int Parts)
{
    /// <summary>Floats of a part.</summary>
    public const int PartFloats = 2 * WeightMatrix.PanelRows;

    /// <summary>Bytes of the numbers of a block.</summary>
    public const int BlockBytes = EightBits.Bytes;

    public byte* Numbers => (byte*)Memory;

    public float* Scales => (float*)(Memory + (Blocks * BlockBytes));

    /// <summary>Unpacks <paramref name="panel"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static UnpackedPanel Of<TLanes, TFormat>(byte* panel, int superBlocks, float* memory)
        where TLanes : unmanaged, ILanes<TLanes>
        where TFormat : IPanelFormat
    {
        var unpacked = new UnpackedPanel((nint)memory, superBlocks * TFormat.Blocks, TFormat.Halves ? 2 : 1);
        var numbers = unpacked.Numbers;
        var scales = unpacked.Scales;
        for (var s = 0; s < superBlocks; s++)
        {
            var block = panel + TFormat.HeaderBytes;
            for (var b = 0; b < TFormat.Blocks; b++, block += TFormat.BlockBytes, numbers += BlockBytes)
            {
                for (var half = 0; half < 2; half++)
                {
                    for (var row = 0; row < WeightMatrix.PanelRows; row += TLanes.Count)
                        UnpackNumbers<TLanes, TFormat>(block, row, half, numbers);
                    if (half == 0 && !TFormat.Halves)
                        continue;
                    for (var row = 0; row < WeightMatrix.PanelRows; row += TLanes.Count)
                        UnpackScales<TLanes, TFormat>(panel, block, row, half, scales + row);
                    scales += PartFloats;
                }
            }

            panel = block;
        }

        return unpacked;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UnpackNumbers<TLanes, TFormat>(byte* block, int row, int half, byte* numbers)
        where TLanes : unmanaged, ILanes<TLanes>
        where TFormat : IPanelFormat
    {
        for (var group = 0; group < 4; group++)
        {
            var target = numbers + (((4 * half) + group) * PanelLayout.GroupBytes) + (4 * row);
            TLanes.Store(TFormat.Numbers<TLanes>(block, row, half, group), (float*)target);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UnpackScales<TLanes, TFormat>(byte* header, byte* block, int row, int half, float* target)
        where TLanes : unmanaged, ILanes<TLanes>
        where TFormat : IPanelFormat
    {
        var scales = TFormat.Scales<TLanes>(header, block, row, half);
        TLanes.Store(scales, target);
        TLanes.Store(TFormat.Minima(scales, header, block, row, half), target + WeightMatrix.PanelRows);
    }
}
