using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Sampling;

/// <summary>
/// Passes over logits. Sums are those of sixteen lanes, added in one order, whatever the width of the vectors; counts are multiples of 16.
/// </summary>
/// <typeparam name="TLanes">Instruction set.</typeparam>
internal static unsafe class LogitKernels<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>Lanes of a sum.</summary>
    public const int Lanes = 16;

    private const MethodImplOptions Kernel = MethodImplOptions.AggressiveOptimization;

    /// <summary>The largest value of each of sixteen lanes: of x[i], x[i + 16], x[i + 32], ...</summary>
    [MethodImpl(Kernel)]
    public static void LaneMaxima(float* x, int count, float* maxima)
    {
        for (var lane = 0; lane < Lanes; lane += TLanes.Count)
        {
            var even = TLanes.Load(x + lane);
            var odd = even;
            var i = lane + Lanes;
            for (; i + Lanes < count; i += 2 * Lanes)
            {
                even = TLanes.Max(even, TLanes.Load(x + i));
                odd = TLanes.Max(odd, TLanes.Load(x + i + Lanes));
            }

            if (i < count)
            {
                even = TLanes.Max(even, TLanes.Load(x + i));
            }

            TLanes.Store(TLanes.Max(even, odd), maxima + lane);
        }
    }

    /// <summary>The largest of <paramref name="count"/> values.</summary>
    [MethodImpl(Kernel)]
    public static float Maximum(float* x, int count)
    {
        var most = TLanes.Load(x);
        for (var i = TLanes.Count; i < count; i += TLanes.Count)
        {
            most = TLanes.Max(most, TLanes.Load(x + i));
        }

        return TLanes.Maximum(most);
    }

    /// <summary>weights = exp((x - maximum) * scale): 1 for the maximum, 0 for minus infinity.</summary>
    [MethodImpl(Kernel)]
    public static void Weigh(float* x, int count, float maximum, float scale, float* weights)
    {
        var (most, factor, least) = (TLanes.Create(maximum), TLanes.Create(scale), Least());
        for (var i = 0; i < count; i += TLanes.Count)
        {
            TLanes.Store(Weight(TLanes.Load(x + i), most, factor, least), weights + i);
        }
    }

    /// <summary>The sum of what <see cref="Weigh"/> gives.</summary>
    [MethodImpl(Kernel)]
    public static float SumOfWeights(float* x, int count, float maximum, float scale)
    {
        var sums = stackalloc float[Lanes];
        var (most, factor, least) = (TLanes.Create(maximum), TLanes.Create(scale), Least());
        for (var lane = 0; lane < Lanes; lane += TLanes.Count)
        {
            var sum = TLanes.Zero;
            for (var i = lane; i < count; i += Lanes)
            {
                sum += Weight(TLanes.Load(x + i), most, factor, least);
            }

            TLanes.Store(sum, sums + lane);
        }

        return AddLanes(sums);
    }

    /// <summary>The sum of weights.</summary>
    [MethodImpl(Kernel)]
    public static float Sum(float* weights, int count)
    {
        var sums = stackalloc float[Lanes];
        for (var lane = 0; lane < Lanes; lane += TLanes.Count)
        {
            var sum = TLanes.Zero;
            for (var i = lane; i < count; i += Lanes)
            {
                sum += TLanes.Load(weights + i);
            }

            TLanes.Store(sum, sums + lane);
        }

        return AddLanes(sums);
    }

    /// <summary>The sum of the weights whose values are at least <paramref name="floor"/>.</summary>
    [MethodImpl(Kernel)]
    public static float SumAtLeast(float* values, float* weights, int count, float floor)
    {
        var sums = stackalloc float[Lanes];
        var least = TLanes.Create(floor);
        for (var lane = 0; lane < Lanes; lane += TLanes.Count)
        {
            var sum = TLanes.Zero;
            for (var i = lane; i < count; i += Lanes)
            {
                sum += WhereAtLeast(TLanes.Load(values + i), least, TLanes.Load(weights + i));
            }

            TLanes.Store(sum, sums + lane);
        }

        return AddLanes(sums);
    }

    /// <summary>How many values are at least <paramref name="floor"/>.</summary>
    [MethodImpl(Kernel)]
    public static int CountAtLeast(float* values, int count, float floor)
    {
        var least = TLanes.Create(floor);
        var found = 0;
        for (var i = 0; i < count; i += TLanes.Count)
        {
            found += BitOperations.PopCount(AtLeast(TLanes.Load(values + i), least));
        }

        return found;
    }

    /// <summary>The least and the largest of at least 16 values; any count.</summary>
    [MethodImpl(Kernel)]
    public static (float Least, float Most) Range(float* values, int count)
    {
        // The last vector overlaps the one before it.
        var last = TLanes.Load(values + (count - TLanes.Count));
        var (least, most) = (TLanes.Zero - last, last);
        for (var i = 0; i + TLanes.Count <= count; i += TLanes.Count)
        {
            var x = TLanes.Load(values + i);
            least = TLanes.Max(least, TLanes.Zero - x);
            most = TLanes.Max(most, x);
        }

        return (-TLanes.Maximum(least), TLanes.Maximum(most));
    }

    /// <summary>Writes down what is at least <paramref name="floor"/>, in order.</summary>
    /// <param name="x">Values.</param>
    /// <param name="count">How many.</param>
    /// <param name="first">Token of the first of them.</param>
    /// <param name="floor">The least that is taken.</param>
    /// <param name="tokens">Room for the tokens taken.</param>
    /// <param name="values">Room for their values.</param>
    /// <returns>How many were taken.</returns>
    [MethodImpl(Kernel)]
    public static int Gather(float* x, int count, int first, float floor, int* tokens, float* values)
    {
        var least = TLanes.Create(floor);
        var taken = 0;
        for (var i = 0; i < count; i += TLanes.Count)
        {
            for (var bits = AtLeast(TLanes.Load(x + i), least); bits != 0; bits &= bits - 1)
            {
                var at = i + BitOperations.TrailingZeroCount(bits);
                tokens[taken] = first + at;
                values[taken++] = x[at];
            }
        }

        return taken;
    }

    // The exponential ends at a least value above zero; less that, nothing that is forbidden has any weight.
    private static TLanes Least() => VectorMath<TLanes>.Exp(TLanes.Create(float.NegativeInfinity));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Weight(TLanes x, TLanes maximum, TLanes scale, TLanes least) =>
        TLanes.Max(VectorMath<TLanes>.Exp((x - maximum) * scale) - least, TLanes.Zero);

    private static float AddLanes(float* sums)
    {
        for (var half = Lanes / 2; half > 0; half /= 2)
        {
            for (var i = 0; i < half; i++)
            {
                sums[i] += sums[i + half];
            }
        }

        return sums[0];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint AtLeast(TLanes value, TLanes floor)
    {
        if (typeof(TLanes) == typeof(Lanes512))
        {
            var (x, y) = (Unsafe.BitCast<TLanes, Lanes512>(value).Value, Unsafe.BitCast<TLanes, Lanes512>(floor).Value);
            return (uint)Vector512.GreaterThanOrEqual(x, y).ExtractMostSignificantBits();
        }

        if (typeof(TLanes) == typeof(Lanes256))
        {
            var (x, y) = (Unsafe.BitCast<TLanes, Lanes256>(value).Value, Unsafe.BitCast<TLanes, Lanes256>(floor).Value);
            return Vector256.GreaterThanOrEqual(x, y).ExtractMostSignificantBits();
        }

        {
            var (x, y) = (Unsafe.BitCast<TLanes, Lanes128>(value).Value, Unsafe.BitCast<TLanes, Lanes128>(floor).Value);
            return Vector128.GreaterThanOrEqual(x, y).ExtractMostSignificantBits();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes WhereAtLeast(TLanes value, TLanes floor, TLanes weight)
    {
        if (typeof(TLanes) == typeof(Lanes512))
        {
            var (x, y) = (Unsafe.BitCast<TLanes, Lanes512>(value).Value, Unsafe.BitCast<TLanes, Lanes512>(floor).Value);
            return Unsafe.BitCast<Lanes512, TLanes>(new(Vector512.GreaterThanOrEqual(x, y) & Unsafe.BitCast<TLanes, Lanes512>(weight).Value));
        }

        if (typeof(TLanes) == typeof(Lanes256))
        {
            var (x, y) = (Unsafe.BitCast<TLanes, Lanes256>(value).Value, Unsafe.BitCast<TLanes, Lanes256>(floor).Value);
            return Unsafe.BitCast<Lanes256, TLanes>(new(Vector256.GreaterThanOrEqual(x, y) & Unsafe.BitCast<TLanes, Lanes256>(weight).Value));
        }

        {
            var (x, y) = (Unsafe.BitCast<TLanes, Lanes128>(value).Value, Unsafe.BitCast<TLanes, Lanes128>(floor).Value);
            return Unsafe.BitCast<Lanes128, TLanes>(new(Vector128.GreaterThanOrEqual(x, y) & Unsafe.BitCast<TLanes, Lanes128>(weight).Value));
        }
    }
}
