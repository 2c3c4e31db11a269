using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>
/// Rotary position embedding: each pair of a head turns by the position times its frequency; values beyond those that turn stay as they are. A token's
/// angles are computed once a step and serve all layers and heads that turn alike.
/// </summary>
internal sealed unsafe class Rotation<TLanes> : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly RopeLayout _layout;
    private readonly int _dimensions;
    private readonly double[] _frequencies;
    private readonly double _magnitude;
    private readonly NativeBuffer _turns;

    /// <summary>Angles for up to <paramref name="tokens"/> tokens.</summary>
    public Rotation(RopeSettings rope, int tokens)
    {
        _layout = rope.Layout;
        _dimensions = rope.Dimensions;
        _frequencies = [.. rope.Frequencies];
        _magnitude = rope.Magnitude;
        _turns = NativeBuffer.OfFloats(2L * tokens * _dimensions);
    }

    /// <summary>Computes the angles of the step's token <paramref name="token"/>.</summary>
    public void Prepare(int token, int position)
    {
        // (dimensions) cosines, then (dimensions) sines with the sign they have where x's partner is added to x.
        var cosines = _turns.Floats + (2L * token * _dimensions);
        var sines = cosines + _dimensions;
        for (var i = 0; i < _frequencies.Length; i++)
        {
            var (sine, cosine) = Math.SinCos(position * _frequencies[i]);
            var (a, b) = _layout == RopeLayout.Interleaved ? (2 * i, (2 * i) + 1) : (i, i + (_dimensions / 2));
            cosines[a] = cosines[b] = (float)(cosine * _magnitude);
            sines[b] = (float)(sine * _magnitude);
            sines[a] = -sines[b];
        }
    }

    /// <summary>output = x (size) turned by the angles of <paramref name="token"/>, times <paramref name="scale"/>.</summary>
    public void Turn(int token, float* x, int size, float scale, float* output)
    {
        var cosines = _turns.Floats + (2L * token * _dimensions);
        var sines = cosines + _dimensions;
        var factor = TLanes.Create(scale);
        var half = _dimensions / 2;
        var d = 0;
        if (_layout == RopeLayout.Interleaved)
        {
            for (; d + TLanes.Count <= _dimensions; d += TLanes.Count)
            {
                var v = TLanes.Load(x + d);
                var turned = TLanes.MultiplyAdd(TLanes.SwapPairs(v), TLanes.Load(sines + d), v * TLanes.Load(cosines + d));
                TLanes.Store(turned * factor, output + d);
            }

            for (; d < _dimensions; d++)
                output[d] = MathF.FusedMultiplyAdd(x[d ^ 1], sines[d], x[d] * cosines[d]) * scale;
        }
        else if (half % TLanes.Count == 0)
        {
            for (; d < _dimensions; d += TLanes.Count)
            {
                var partner = TLanes.Load(d < half ? x + d + half : x + d - half);
                var turned = TLanes.MultiplyAdd(partner, TLanes.Load(sines + d), TLanes.Load(x + d) * TLanes.Load(cosines + d));
                TLanes.Store(turned * factor, output + d);
            }
        }
        else
        {
            for (; d < _dimensions; d++)
                output[d] = MathF.FusedMultiplyAdd(x[d < half ? d + half : d - half], sines[d], x[d] * cosines[d]) * scale;
        }

        if (size > _dimensions)
            VectorMath<TLanes>.Multiply(x + _dimensions, scale, output + _dimensions, size - _dimensions);
    }

    public void Dispose() => _turns.Dispose();
}
