using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>
/// Rotary position embedding: pair i of a head turns by position * theta^(-2 i / headSize) / factor i. A token's angles are
/// computed once a step and serve all layers and heads.
/// </summary>
internal sealed unsafe class Rotation<TLanes> : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly RopeLayout _layout;
    private readonly int _headSize;
    private readonly double[] _frequencies;
    private readonly NativeBuffer _turns;

    /// <summary>Angles for up to <paramref name="tokens"/> tokens; <paramref name="factors"/> (headSize / 2) or null.</summary>
    public Rotation(ModelConfig config, float* factors, int tokens)
    {
        _layout = config.RopeLayout;
        _headSize = config.HeadSize;
        _frequencies = new double[_headSize / 2];
        for (var i = 0; i < _frequencies.Length; i++)
        {
            var frequency = Math.Pow(config.RopeTheta, -2.0 * i / _headSize);
            _frequencies[i] = factors == null ? frequency : frequency / factors[i];
        }

        _turns = NativeBuffer.OfFloats(2L * tokens * _headSize);
    }

    /// <summary>Computes the angles of the step's token <paramref name="token"/>.</summary>
    public void Prepare(int token, int position)
    {
        // (headSize) cosines, then (headSize) sines with the sign they have where x's partner is added to x.
        var cosines = _turns.Floats + (2L * token * _headSize);
        var sines = cosines + _headSize;
        for (var i = 0; i < _frequencies.Length; i++)
        {
            var (sine, cosine) = Math.SinCos(position * _frequencies[i]);
            var (a, b) = _layout == RopeLayout.Interleaved ? (2 * i, (2 * i) + 1) : (i, i + (_headSize / 2));
            cosines[a] = cosines[b] = (float)cosine;
            sines[a] = -(float)sine;
            sines[b] = (float)sine;
        }
    }

    /// <summary>output = x (headSize) turned by the angles of <paramref name="token"/>, times <paramref name="scale"/>.</summary>
    public void Turn(int token, float* x, float scale, float* output)
    {
        var cosines = _turns.Floats + (2L * token * _headSize);
        var sines = cosines + _headSize;
        var factor = TLanes.Create(scale);
        var half = _headSize / 2;
        var d = 0;
        if (_layout == RopeLayout.Interleaved)
        {
            for (; d + TLanes.Count <= _headSize; d += TLanes.Count)
            {
                var v = TLanes.Load(x + d);
                var turned = TLanes.MultiplyAdd(TLanes.SwapPairs(v), TLanes.Load(sines + d), v * TLanes.Load(cosines + d));
                TLanes.Store(turned * factor, output + d);
            }

            for (; d < _headSize; d++)
                output[d] = MathF.FusedMultiplyAdd(x[d ^ 1], sines[d], x[d] * cosines[d]) * scale;
        }
        else if (half % TLanes.Count == 0)
        {
            for (; d < _headSize; d += TLanes.Count)
            {
                var partner = TLanes.Load(d < half ? x + d + half : x + d - half);
                var turned = TLanes.MultiplyAdd(partner, TLanes.Load(sines + d), TLanes.Load(x + d) * TLanes.Load(cosines + d));
                TLanes.Store(turned * factor, output + d);
            }
        }
        else
        {
            for (; d < _headSize; d++)
                output[d] = MathF.FusedMultiplyAdd(x[d < half ? d + half : d - half], sines[d], x[d] * cosines[d]) * scale;
        }
    }

    public void Dispose() => _turns.Dispose();
}
