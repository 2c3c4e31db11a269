using Crescent.Engine.Devices.Cpu.Weights;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>A latent attention's weights as the kernels read them.</summary>
internal sealed class LatentWeights : IDisposable
{
    /// <summary>(width, queryRank), or null.</summary>
    public WeightMatrix? QueryDown { get; init; }

    /// <summary>(queryRank), or null.</summary>
    public nint QueryNorm { get; init; }

    /// <summary>(queryRank or width, heads of plain and turning parts).</summary>
    public required WeightMatrix Query { get; init; }

    /// <summary>(width, c and turning part).</summary>
    public required WeightMatrix Key { get; init; }

    /// <summary>(rank).</summary>
    public required nint LatentNorm { get; init; }

    /// <summary>(plain, rank) of each head.</summary>
    public required WeightMatrix[] KeyHeads { get; init; }

    /// <summary>(rank, valueSize) of each head.</summary>
    public required WeightMatrix[] ValueHeads { get; init; }

    /// <summary>(values of all heads, width).</summary>
    public required WeightMatrix Output { get; init; }

    public void Dispose()
    {
        QueryDown?.Dispose();
        Query.Dispose();
        Key.Dispose();
        Output.Dispose();
        foreach (var matrix in KeyHeads.Concat(ValueHeads))
            matrix.Dispose();
    }
}
