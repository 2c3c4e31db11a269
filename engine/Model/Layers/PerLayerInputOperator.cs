using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Layers;

/// <summary>A layer's part of <see cref="PerLayerInput"/>: output(gelu(gate x) * what the layer is told).</summary>
public sealed record PerLayerInputOperator : LayerOperator
{
    /// <inheritdoc/>
    public override string Name => "per-layer embeddings";

    /// <inheritdoc/>
    public override IEnumerable<GgufTensor> Matrices => [Gate, Output];

    /// <summary>(width, m).</summary>
    public required GgufTensor Gate { get; init; }

    /// <summary>(m, width).</summary>
    public required GgufTensor Output { get; init; }

    /// <summary>Which of the layers it is, from 0.</summary>
    public required int Layer { get; init; }

    /// <summary>Values that it is told: m.</summary>
    public int Size => Output.Columns;
}
