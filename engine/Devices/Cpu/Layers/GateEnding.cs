using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>What is done to the products of a gate and an up matrix before they are written; null where nothing is.</summary>
internal readonly unsafe struct GateEnding
{
    /// <summary>What makes one value of the two.</summary>
    public FeedForwardActivation Activation { get; init; }

    /// <summary>Added to the gate's products (rows, and room to read up to a whole panel).</summary>
    public float* GateBias { get; init; }

    /// <summary>Added to the up matrix's products (rows, and room to read up to a whole panel).</summary>
    public float* UpBias { get; init; }

    /// <summary>(count): what both products of a token are multiplied by, which is as if its input were.</summary>
    public float* Weights { get; init; }

    /// <summary>(count): what a token's values are multiplied by in the end.</summary>
    public float* OutputWeights { get; init; }
}
