using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Control.Kv;

/// <summary>Asks the processor for memory that will be read in a moment; where it cannot be asked, nothing happens.</summary>
internal static unsafe class CacheLine
{
    /// <summary>Bytes of a line, a power of 2.</summary>
    public const int Bytes = 64;

    /// <summary>The address of <paramref name="start"/>, which must not move.</summary>
    public static nint Address<T>(ref T start)
        where T : unmanaged =>
         (nint)Unsafe.AsPointer(ref start);

    /// <summary>The line of <paramref name="start"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch<T>(ref T start)
        where T : unmanaged
    {
        if (Sse.IsSupported)
        {
            // A prefetch of an address that is no longer valid does nothing, so the array need not be pinned.
            Sse.Prefetch0(Unsafe.AsPointer(ref start));
        }
    }

    /// <summary>The lines of <paramref name="length"/> bytes from <paramref name="start"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch<T>(ref T start, int length)
        where T : unmanaged
    {
        for (nint at = 0; at < length; at += Bytes)
        {
            Prefetch(ref Unsafe.AddByteOffset(ref start, at));
        }
    }
}
