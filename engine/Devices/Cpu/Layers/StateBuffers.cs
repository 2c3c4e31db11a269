using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>Working memory of operators that keep a state, as much as the largest needs; layers use it one after the other.</summary>
internal sealed unsafe class StateBuffers : IDisposable
{
    private readonly NativeBuffer[] _row;

    /// <param name="operators">All of a model; at least one.</param>
    /// <param name="states">Where states are.</param>
    /// <param name="tokens">Of a step, at most.</param>
    /// <param name="threads">Of the team.</param>
    public StateBuffers(IReadOnlyList<StateOperator> operators, StateMemory states, int tokens, int threads)
    {
        States = states;
        var nets = operators.OfType<GatedDeltaNetOperator>().ToList();
        var convolutions = operators.OfType<ShortConvolutionOperator>().ToList();
        var mambas = operators.OfType<Mamba2Operator>().ToList();
        var channels = Math.Max(Most(nets, static net => net.Channels), Math.Max(Most(convolutions, static step => step.Channels), Most(mambas, static mamba => mamba.Channels)));
        var input = Math.Max(Most(convolutions, static step => 3 * step.Channels), Most(mambas, static mamba => mamba.Inner + mamba.Channels + mamba.Heads));
        Input = NativeBuffer.OfFloats((long)tokens * Math.Max(channels, input));
        Channels = NativeBuffer.OfFloats((long)tokens * channels);
        Convolved = NativeBuffer.OfFloats((long)tokens * channels);
        Gate = NativeBuffer.OfFloats((long)tokens * Most(nets, static net => net.ValueWidth));
        Rates = NativeBuffer.OfFloats((long)tokens * Most(nets, static net => 2 * net.ValueHeads));
        Output = NativeBuffer.OfFloats((long)tokens * Math.Max(channels, Most(nets, static net => net.ValueWidth)));
        _row = new NativeBuffer[threads];
        for (var t = 0; t < threads; t++)
            _row[t] = NativeBuffer.OfFloats(2 * Math.Max(16, Most(nets, static net => net.HeadSize)));
    }

    /// <summary>Where states are.</summary>
    public StateMemory States { get; }

    /// <summary>What the first projection gives, of a token after the other.</summary>
    public NativeBuffer Input { get; }

    /// <summary>(channels, tokens): what goes into a short convolution.</summary>
    public NativeBuffer Channels { get; }

    /// <summary>(channels, tokens).</summary>
    public NativeBuffer Convolved { get; }

    /// <summary>(values, tokens).</summary>
    public NativeBuffer Gate { get; }

    /// <summary>(2 value heads, tokens): betas and alphas.</summary>
    public NativeBuffer Rates { get; }

    /// <summary>What goes into the last projection.</summary>
    public NativeBuffer Output { get; }

    /// <summary>(head, 2): any two rows of a thread.</summary>
    public float* Row(int thread) => _row[thread].Floats;

    public void Dispose()
    {
        Input.Dispose();
        Channels.Dispose();
        Convolved.Dispose();
        Gate.Dispose();
        Rates.Dispose();
        Output.Dispose();
        foreach (var row in _row)
            row.Dispose();
    }

    private static int Most<T>(List<T> operators, Func<T, int> size) => operators.Select(size).DefaultIfEmpty().Max();
}
