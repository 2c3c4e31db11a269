using Crescent.Engine.Devices.Cpu.Weights;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>A mixture's weights as the kernels read them; null where there are none.</summary>
internal sealed unsafe class ExpertWeights : IDisposable
{
    /// <summary>(width, experts).</summary>
    public required WeightMatrix Router { get; init; }

    /// <summary>(width): gain of a norm of the residual stream that the router reads.</summary>
    public float* RouterNorm { get; init; }

    /// <summary>(experts): what outputs are multiplied by beside their weights.</summary>
    public float* OutputScale { get; init; }

    /// <summary>(experts).</summary>
    public float* RouterBias { get; init; }

    /// <summary>(experts).</summary>
    public float* ChoiceBias { get; init; }

    /// <summary>(width, hidden) of each expert.</summary>
    public required WeightMatrix[] Gate { get; init; }

    /// <summary>(width, hidden) of each expert.</summary>
    public required WeightMatrix[] Up { get; init; }

    /// <summary>(hidden, width) of each expert.</summary>
    public required WeightMatrix[] Down { get; init; }

    /// <summary>(hidden, experts).</summary>
    public float* GateBias { get; init; }

    /// <summary>(hidden, experts).</summary>
    public float* UpBias { get; init; }

    /// <summary>(width, experts).</summary>
    public float* DownBias { get; init; }

    public void Dispose()
    {
        Router.Dispose();
        foreach (var matrix in Gate.Concat(Up).Concat(Down))
            matrix.Dispose();
    }
}
