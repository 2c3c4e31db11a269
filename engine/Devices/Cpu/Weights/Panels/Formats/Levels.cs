using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>The levels of the IQ4 types (<see cref="Model.Gguf.NonLinearBlocks.Levels"/>) as numbers.</summary>
internal static unsafe class Levels
{
    /// <summary>The level of each code, + 128.</summary>
    public static byte* Shifted
    {
        // Constants of the program do not move.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Bytes));
    }

    private static ReadOnlySpan<byte> Bytes => [1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241];
}
