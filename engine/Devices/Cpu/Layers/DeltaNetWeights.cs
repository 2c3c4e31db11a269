using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>A gated delta net's weights as the kernels read them.</summary>
internal sealed unsafe class DeltaNetWeights<TLanes> : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>(width, channels).</summary>
    public required WeightMatrix QueryKeyValue { get; init; }

    /// <summary>(width, values).</summary>
    public required WeightMatrix Gate { get; init; }

    /// <summary>Betas and alphas, in one matrix or two, whose rows come one after the other.</summary>
    public required WeightMatrix[] Rates { get; init; }

    public required CausalConvolution<TLanes> Convolution { get; init; }

    /// <summary>(value heads).</summary>
    public required nint DecayRate { get; init; }

    /// <summary>(value heads).</summary>
    public required nint DecayBias { get; init; }

    /// <summary>(headSize).</summary>
    public required nint OutputNorm { get; init; }

    /// <summary>(values, width).</summary>
    public required WeightMatrix Output { get; init; }

    public void Dispose()
    {
        QueryKeyValue.Dispose();
        Gate.Dispose();
        Convolution.Dispose();
        Output.Dispose();
        foreach (var matrix in Rates)
            matrix.Dispose();
    }
}
