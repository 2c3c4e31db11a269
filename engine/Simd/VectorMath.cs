using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Engine.Simd;

/// <summary>
/// The float steps between matrix products. Counts may be anything: what is left over after whole vectors is done one by one. Sums are
/// taken in sixteen lanes whatever a vector holds, so that every instruction set gives the same bits.
/// </summary>
/// <typeparam name="TLanes">Instruction set.</typeparam>
internal static unsafe class VectorMath<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    private const MethodImplOptions Kernel = MethodImplOptions.AggressiveOptimization;
    private const int Sixteen = 16;

    /// <summary>1 / sqrt(mean of squares + epsilon): what RMSNorm multiplies by.</summary>
    [MethodImpl(Kernel)]
    public static float RmsScale(float* x, int count, float epsilon)
    {
        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        var i = 0;
        for (; i + Sixteen <= count; i += Sixteen)
        {
            s0 = AddSquare(x + i, s0);
            if (TLanes.Count < 16)
                s1 = AddSquare(x + i + TLanes.Count, s1);
            if (TLanes.Count < 8)
            {
                s2 = AddSquare(x + i + 8, s2);
                s3 = AddSquare(x + i + 12, s3);
            }
        }

        var sum = SumSixteen(s0, s1, s2, s3);
        for (; i < count; i++)
            sum = MathF.FusedMultiplyAdd(x[i], x[i], sum);
        return 1 / MathF.Sqrt((sum / count) + epsilon);
    }

    /// <summary>output = x * scale * gain.</summary>
    [MethodImpl(Kernel)]
    public static void Scale(float* x, float* gain, float scale, float* output, int count)
    {
        var factor = TLanes.Create(scale);
        var i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count)
            TLanes.Store(TLanes.Load(x + i) * factor * TLanes.Load(gain + i), output + i);
        for (; i < count; i++)
            output[i] = x[i] * scale * gain[i];
    }

    /// <summary>sum += x.</summary>
    [MethodImpl(Kernel)]
    public static void Add(float* x, float* sum, int count)
    {
        var i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count)
            TLanes.Store(TLanes.Load(sum + i) + TLanes.Load(x + i), sum + i);
        for (; i < count; i++)
            sum[i] += x[i];
    }

    /// <summary>sum = sum * keep + x * factor.</summary>
    [MethodImpl(Kernel)]
    public static void Blend(float* x, float factor, float* sum, float keep, int count)
    {
        var f = TLanes.Create(factor);
        var k = TLanes.Create(keep);
        var i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count)
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(x + i), f, TLanes.Load(sum + i) * k), sum + i);
        for (; i < count; i++)
            sum[i] = MathF.FusedMultiplyAdd(x[i], factor, sum[i] * keep);
    }

    /// <summary>output = x * factor.</summary>
    [MethodImpl(Kernel)]
    public static void Multiply(float* x, float factor, float* output, int count)
    {
        var f = TLanes.Create(factor);
        var i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count)
            TLanes.Store(TLanes.Load(x + i) * f, output + i);
        for (; i < count; i++)
            output[i] = x[i] * factor;
    }

    /// <summary>output = silu(gate) * up with silu(g) = g / (1 + exp(-g)), in whole vectors: count is a multiple of 16.</summary>
    [MethodImpl(Kernel)]
    public static void SiluMultiply(float* gate, float* up, float* output, int count)
    {
        var one = TLanes.Create(1);
        for (var i = 0; i < count; i += TLanes.Count)
        {
            var g = TLanes.Load(gate + i);
            TLanes.Store(g * TLanes.Load(up + i) / (one + Exp(TLanes.Zero - g)), output + i);
        }
    }

    /// <summary>output = gelu(gate) * up with gelu(g) = g / (1 + exp(-2 sqrt(2 / pi) (g + 0.044715 g^3))), in whole vectors: count is a multiple of 16.</summary>
    [MethodImpl(Kernel)]
    public static void GeluMultiply(float* gate, float* up, float* output, int count)
    {
        var one = TLanes.Create(1);
        var linear = TLanes.Create(-1.5957691216f);
        var cubic = TLanes.Create(-1.5957691216f * 0.044715f);
        for (var i = 0; i < count; i += TLanes.Count)
        {
            var g = TLanes.Load(gate + i);
            var exponent = g * TLanes.MultiplyAdd(cubic, g * g, linear);
            TLanes.Store(g * TLanes.Load(up + i) / (one + Exp(exponent)), output + i);
        }
    }

    /// <summary>
    /// output = g / (1 + exp(-1.702 g)) * (u + 1) with g at most 7 and u within 7 of 0, in whole vectors: count is a multiple of 16.
    /// </summary>
    [MethodImpl(Kernel)]
    public static void ClampedSiluMultiply(float* gate, float* up, float* output, int count)
    {
        TLanes one = TLanes.Create(1), most = TLanes.Create(7), least = TLanes.Create(-7), alpha = TLanes.Create(-1.702f);
        for (var i = 0; i < count; i += TLanes.Count)
        {
            var g = TLanes.Min(TLanes.Load(gate + i), most);
            var u = TLanes.Max(TLanes.Min(TLanes.Load(up + i), most), least) + one;
            TLanes.Store(g * u / (one + Exp(alpha * g)), output + i);
        }
    }

    /// <summary>x = max(x, 0)^2, in whole vectors: count is a multiple of 16.</summary>
    [MethodImpl(Kernel)]
    public static void SquaredRelu(float* x, int count)
    {
        for (var i = 0; i < count; i += TLanes.Count)
        {
            var v = TLanes.Max(TLanes.Load(x + i), TLanes.Zero);
            TLanes.Store(v * v, x + i);
        }
    }

    /// <summary>output = x * y.</summary>
    [MethodImpl(Kernel)]
    public static void MultiplyEach(float* x, float* y, float* output, int count)
    {
        var i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count)
            TLanes.Store(TLanes.Load(x + i) * TLanes.Load(y + i), output + i);
        for (; i < count; i++)
            output[i] = x[i] * y[i];
    }

    /// <summary>sum += x * y.</summary>
    [MethodImpl(Kernel)]
    public static void AddProducts(float* x, float* y, float* sum, int count)
    {
        var i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count)
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(x + i), TLanes.Load(y + i), TLanes.Load(sum + i)), sum + i);
        for (; i < count; i++)
            sum[i] = MathF.FusedMultiplyAdd(x[i], y[i], sum[i]);
    }

    /// <summary>x = silu(x), in place.</summary>
    [MethodImpl(Kernel)]
    public static void Silu(float* x, int count)
    {
        var one = TLanes.Create(1);
        var i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count)
        {
            var v = TLanes.Load(x + i);
            TLanes.Store(v / (one + Exp(TLanes.Zero - v)), x + i);
        }

        for (; i < count; i++)
            x[i] /= 1 + Exp(-x[i]);
    }

    /// <summary>x *= sigmoid(gate).</summary>
    [MethodImpl(Kernel)]
    public static void SigmoidMultiply(float* gate, float* x, int count)
    {
        var one = TLanes.Create(1);
        var i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count)
            TLanes.Store(TLanes.Load(x + i) / (one + Exp(TLanes.Zero - TLanes.Load(gate + i))), x + i);
        for (; i < count; i++)
            x[i] /= 1 + Exp(-gate[i]);
    }

    /// <summary>The sum of x * y; count is a multiple of 16.</summary>
    [MethodImpl(Kernel)]
    public static float Dot(float* x, float* y, int count) => ScaleAndDot<One>(x, 1, y, count);

    /// <summary>x *= factor, and then the sum of x * y; count is a multiple of 16.</summary>
    [MethodImpl(Kernel)]
    public static float ScaleAndDot(float* x, float factor, float* y, int count) => ScaleAndDot<Any>(x, factor, y, count);

    /// <summary>sum += x * factor, and then the sum of sum * y; count is a multiple of 16.</summary>
    [MethodImpl(Kernel)]
    public static float AddAndDot(float* x, float factor, float* sum, float* y, int count)
    {
        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        var f = TLanes.Create(factor);
        for (var i = 0; i < count; i += Sixteen)
        {
            s0 = AddAndDot(x, f, sum, y, i, s0);
            if (TLanes.Count < 16)
                s1 = AddAndDot(x, f, sum, y, i + TLanes.Count, s1);
            if (TLanes.Count < 8)
            {
                s2 = AddAndDot(x, f, sum, y, i + 8, s2);
                s3 = AddAndDot(x, f, sum, y, i + 12, s3);
            }
        }

        return SumSixteen(s0, s1, s2, s3);
    }

    /// <summary>x = cap * tanh(x / cap), in place.</summary>
    [MethodImpl(Kernel)]
    public static void Cap(float* x, float cap, int count)
    {
        TLanes one = TLanes.Create(1), two = TLanes.Create(2), most = TLanes.Create(cap), inverse = TLanes.Create(2 / cap);
        var i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count)
            TLanes.Store(most * (one - (two / (one + Exp(TLanes.Load(x + i) * inverse)))), x + i);
        for (; i < count; i++)
            x[i] = cap * (1 - (2 / (1 + Exp(x[i] * (2 / cap)))));
    }

    /// <summary>
    /// Turns scores from <paramref name="first"/> to before <paramref name="end"/> into exp(score - their maximum), in place, and all others up to
    /// <paramref name="padded"/>, a multiple of 16, into zeros.
    /// </summary>
    /// <returns>The maximum and the sum.</returns>
    [MethodImpl(Kernel)]
    public static (float Maximum, float Sum) Exponentiate(float* scores, int first, int end, int padded)
    {
        new Span<float>(scores, first).Fill(float.NegativeInfinity);
        new Span<float>(scores + end, padded - end).Fill(float.NegativeInfinity);
        var most = TLanes.Load(scores);
        for (var i = TLanes.Count; i < padded; i += TLanes.Count)
            most = TLanes.Max(most, TLanes.Load(scores + i));
        var maximum = TLanes.Maximum(most);
        most = TLanes.Create(maximum);
        for (var i = 0; i < padded; i += TLanes.Count)
            TLanes.Store(Exp(TLanes.Load(scores + i) - most), scores + i);
        new Span<float>(scores, first).Clear();
        new Span<float>(scores + end, padded - end).Clear();
        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        for (var i = 0; i < padded; i += Sixteen)
        {
            s0 += TLanes.Load(scores + i);
            if (TLanes.Count < 16)
                s1 += TLanes.Load(scores + i + TLanes.Count);
            if (TLanes.Count < 8)
            {
                s2 += TLanes.Load(scores + i + 8);
                s3 += TLanes.Load(scores + i + 12);
            }
        }

        return (maximum, SumSixteen(s0, s1, s2, s3));
    }

    /// <summary>
    /// e^x within 2 units in the last place for x of -87 to 88; beyond, its value there. The polynomial is Cephes' expf
    /// (https://netlib.org/cephes).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Exp(TLanes x)
    {
        x = TLanes.Min(TLanes.Max(x, TLanes.Create(-87f)), TLanes.Create(88f));
        var n = TLanes.Round(x * TLanes.Create(1.44269504f));
        var r = TLanes.MultiplyAdd(n, TLanes.Create(-0.693359375f), x);
        r = TLanes.MultiplyAdd(n, TLanes.Create(2.12194440e-4f), r);
        var p = TLanes.Create(1.9875691500e-4f);
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(1.3981999507e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(8.3334519073e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(4.1665795894e-2f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(1.6666665459e-1f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(0.5f));
        p = TLanes.MultiplyAdd(p, r * r, r + TLanes.Create(1f));
        return p * TLanes.PowerOfTwo(n);
    }

    /// <summary>e^x as the vectors have it, on every processor.</summary>
    public static float Exp(float x) => VectorMath<Lanes128>.Exp(Lanes128.Create(x)).Value.ToScalar();

    /// <summary>The sum of sixteen lanes in as many vectors as they take, the others zero; in the order of <see cref="ILanes{TSelf}.Sum"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumSixteen(TLanes s0, TLanes s1, TLanes s2, TLanes s3) => TLanes.Count switch
    {
        16 => TLanes.Sum(s0),
        8 => TLanes.Sum(s0 + s1),
        _ => TLanes.Sum(s0 + s2 + (s1 + s3)),
    };

    private static float ScaleAndDot<TFactor>(float* x, float factor, float* y, int count)
        where TFactor : struct
    {
        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        var f = TLanes.Create(factor);
        for (var i = 0; i < count; i += Sixteen)
        {
            s0 = ScaleAndDot<TFactor>(x + i, f, y + i, s0);
            if (TLanes.Count < 16)
                s1 = ScaleAndDot<TFactor>(x + i + TLanes.Count, f, y + i + TLanes.Count, s1);
            if (TLanes.Count < 8)
            {
                s2 = ScaleAndDot<TFactor>(x + i + 8, f, y + i + 8, s2);
                s3 = ScaleAndDot<TFactor>(x + i + 12, f, y + i + 12, s3);
            }
        }

        return SumSixteen(s0, s1, s2, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes ScaleAndDot<TFactor>(float* x, TLanes factor, float* y, TLanes sum)
        where TFactor : struct
    {
        var v = TLanes.Load(x);
        if (typeof(TFactor) == typeof(Any))
        {
            v *= factor;
            TLanes.Store(v, x);
        }

        return TLanes.MultiplyAdd(v, TLanes.Load(y), sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes AddAndDot(float* x, TLanes factor, float* target, float* y, int at, TLanes sum)
    {
        var v = TLanes.MultiplyAdd(TLanes.Load(x + at), factor, TLanes.Load(target + at));
        TLanes.Store(v, target + at);
        return TLanes.MultiplyAdd(v, TLanes.Load(y + at), sum);
    }

    private readonly struct One;

    private readonly struct Any;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes AddSquare(float* x, TLanes sum)
    {
        var v = TLanes.Load(x);
        return TLanes.MultiplyAdd(v, v, sum);
    }
}
