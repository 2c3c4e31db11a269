using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>A Mamba-2's weights as the kernels read them.</summary>
internal sealed class Mamba2Weights<TLanes> : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>(width, z, x, B, C, dt).</summary>
    public required WeightMatrix Input { get; init; }

    public required CausalConvolution<TLanes> Convolution { get; init; }

    /// <summary>(channels).</summary>
    public required nint ConvolutionBias { get; init; }

    /// <summary>(heads).</summary>
    public required nint StepBias { get; init; }

    /// <summary>(heads).</summary>
    public required nint DecayRate { get; init; }

    /// <summary>(heads).</summary>
    public required nint Skip { get; init; }

    /// <summary>(inner).</summary>
    public required nint OutputNorm { get; init; }

    /// <summary>(inner, width).</summary>
    public required WeightMatrix Output { get; init; }

    public void Dispose()
    {
        Input.Dispose();
        Convolution.Dispose();
        Output.Dispose();
    }
}
