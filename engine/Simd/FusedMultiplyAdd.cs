using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Engine.Simd;

/// <summary>
/// a * b + c, rounded once, on processors that have no instruction for it. The product of two floats is exact as a double; the sum is rounded
/// to odd, so that rounding it to a float gives what the exact sum would (Boldo and Melquiond, Emulation of FMA and correctly rounded sums,
/// IEEE Transactions on Computers 57, 2008).
/// </summary>
internal static class FusedMultiplyAdd
{
    /// <summary>Of four floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Of(Vector128<float> a, Vector128<float> b, Vector128<float> c)
    {
        var (a0, a1) = Vector128.Widen(a);
        var (b0, b1) = Vector128.Widen(b);
        var (c0, c1) = Vector128.Widen(c);
        return Vector128.Narrow(AddToOdd(a0 * b0, c0), AddToOdd(a1 * b1, c1));
    }

    /// <summary>The nearest double to x + y if that is exact, or else the one of its two neighbours whose last bit is 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> AddToOdd(Vector128<double> x, Vector128<double> y)
    {
        // What the rounding of the sum left over (Knuth, The Art of Computer Programming 2, 4.2.2); not a number where the sum is infinite.
        var sum = x + y;
        var part = sum - x;
        var error = x - (sum - part) + (y - part);
        var inexact = (Vector128.GreaterThan(error, Vector128<double>.Zero) | Vector128.LessThan(error, Vector128<double>.Zero)).AsInt64();
        var even = Vector128.Equals(sum.AsInt64() & Vector128<long>.One, Vector128<long>.Zero);

        // Away from zero where the error has the sign of the sum, else towards it.
        var step = ((error.AsInt64() ^ sum.AsInt64()) >> 63) | Vector128<long>.One;
        return (sum.AsInt64() + (step & inexact & even)).AsDouble();
    }
}
