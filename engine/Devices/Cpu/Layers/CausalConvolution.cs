using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>
/// A causal convolution of each channel over its last few positions: y[t] = sum over j of w[j] x[t - (kernel - 1) + j]. What came before the first token is
/// the state: (channels, kernel - 1), the oldest first.
/// </summary>
internal sealed unsafe class CausalConvolution<TLanes> : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly NativeBuffer _weights; // (channels, kernel)
    private readonly int _channels;
    private readonly int _kernel;

    /// <param name="weights">(kernel, channels), as in files.</param>
    /// <param name="kernel">Positions.</param>
    /// <param name="channels">Channels.</param>
    public CausalConvolution(float* weights, int kernel, int channels)
    {
        (_kernel, _channels) = (kernel, channels);
        _weights = NativeBuffer.OfFloats((long)kernel * channels);
        for (var c = 0; c < channels; c++)
        {
            for (var j = 0; j < kernel; j++)
                _weights.Floats[(j * channels) + c] = weights[(c * kernel) + j];
        }
    }

    /// <summary>Floats of the state.</summary>
    public int StateFloats => _channels * (_kernel - 1);

    /// <summary>Convolves channels <paramref name="first"/> to before <paramref name="end"/> of some tokens and brings the state to the last of them.</summary>
    /// <param name="input">(channels, tokens).</param>
    /// <param name="tokens">At least 1.</param>
    /// <param name="state">Changed.</param>
    /// <param name="first">Channel.</param>
    /// <param name="end">Channel.</param>
    /// <param name="output">(channels, tokens).</param>
    public void Run(float* input, int tokens, float* state, int first, int end, float* output)
    {
        for (var t = 0; t < tokens; t++)
        {
            var row = output + ((long)t * _channels);
            VectorMath<TLanes>.MultiplyEach(Column(input, state, t - _kernel + 1) + first, _weights.Floats + first, row + first, end - first);
            for (var j = 1; j < _kernel; j++)
                VectorMath<TLanes>.AddProducts(Column(input, state, t - _kernel + 1 + j) + first, _weights.Floats + (j * _channels) + first, row + first, end - first);
        }

        // Those that move come from behind, so that none is overwritten before.
        for (var j = 0; j < _kernel - 1; j++)
        {
            var source = Column(input, state, tokens - _kernel + 1 + j) + first;
            new ReadOnlySpan<float>(source, end - first).CopyTo(new Span<float>(state + (j * _channels) + first, end - first));
        }
    }

    /// <summary>Copies what a state has of channels <paramref name="first"/> to before <paramref name="end"/> over another.</summary>
    public void CopyState(float* from, float* to, int first, int end)
    {
        for (var j = 0; j < _kernel - 1; j++)
            new ReadOnlySpan<float>(from + (j * _channels) + first, end - first).CopyTo(new Span<float>(to + (j * _channels) + first, end - first));
    }

    public void Dispose() => _weights.Dispose();

    /// <summary>The channels of token <paramref name="t"/>, or, below 0, of one before the first.</summary>
    private float* Column(float* input, float* state, int t) => t >= 0 ? input + ((long)t * _channels) : state + ((_kernel - 1 + t) * _channels);
}
