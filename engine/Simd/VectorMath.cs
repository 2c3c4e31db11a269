using System.Runtime.CompilerServices;

namespace Crescent.Engine.Simd;

/// <summary>
/// The float steps between matrix products. Counts may be anything: what is left over after whole vectors is done one by one.
/// </summary>
/// <typeparam name="TLanes">Instruction set.</typeparam>
internal static unsafe class VectorMath<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    private const MethodImplOptions Kernel = MethodImplOptions.AggressiveOptimization;

    /// <summary>1 / sqrt(mean of squares + epsilon): what RMSNorm multiplies by.</summary>
    [MethodImpl(Kernel)]
    public static float RmsScale(float* x, int count, float epsilon)
    {
        var even = TLanes.Zero;
        var odd = TLanes.Zero;
        var i = 0;
        for (; i + (2 * TLanes.Count) <= count; i += 2 * TLanes.Count)
        {
            var a = TLanes.Load(x + i);
            var b = TLanes.Load(x + i + TLanes.Count);
            even = TLanes.MultiplyAdd(a, a, even);
            odd = TLanes.MultiplyAdd(b, b, odd);
        }

        var sum = TLanes.Sum(even + odd);
        for (; i < count; i++)
            sum += x[i] * x[i];
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

    /// <summary>
    /// Turns scores into exp(score - their maximum), in place; <paramref name="padded"/>, a multiple of 16, is filled up with zeros.
    /// </summary>
    /// <returns>The maximum and the sum.</returns>
    [MethodImpl(Kernel)]
    public static (float Maximum, float Sum) Exponentiate(float* scores, int count, int padded)
    {
        new Span<float>(scores + count, padded - count).Fill(float.NegativeInfinity);
        var most = TLanes.Load(scores);
        for (var i = TLanes.Count; i < padded; i += TLanes.Count)
            most = TLanes.Max(most, TLanes.Load(scores + i));
        var maximum = TLanes.Maximum(most);
        most = TLanes.Create(maximum);
        for (var i = 0; i < padded; i += TLanes.Count)
            TLanes.Store(Exp(TLanes.Load(scores + i) - most), scores + i);
        new Span<float>(scores + count, padded - count).Clear();
        var sum = TLanes.Zero;
        for (var i = 0; i < padded; i += TLanes.Count)
            sum += TLanes.Load(scores + i);
        return (maximum, TLanes.Sum(sum));
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
}
