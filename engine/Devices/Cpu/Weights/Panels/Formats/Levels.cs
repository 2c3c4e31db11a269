using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>The levels of the IQ4 types and the codes of MXFP4 (<see cref="Model.Gguf.NonLinearBlocks"/>) as numbers.</summary>
internal static unsafe class Levels
{
    /// <summary>The level of each code, + 128.</summary>
    public static byte* Shifted
    {
        // Constants of the program do not move.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Bytes));
    }

    /// <summary>The doubled value of each code of MXFP4, + 12.</summary>
    public static byte* ShiftedCodes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(CodeBytes));
    }

    private static ReadOnlySpan<byte> CodeBytes => [12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0];

    private static ReadOnlySpan<byte> Bytes => [1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241];
}
