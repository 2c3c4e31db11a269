using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Layers;

/// <summary>A dense feed-forward part: down(activation(gate x, up x)).</summary>
public sealed record FeedForwardOperator : LayerOperator
{
    /// <inheritdoc/>
    public override string Name => $"feed-forward part ({Activation})";

    /// <inheritdoc/>
    public override IEnumerable<GgufTensor> Matrices => [.. new[] { Gate, Up, Down, Share }.OfType<GgufTensor>().Distinct()];

    /// <summary>(width, hidden); the same as <see cref="Up"/> where there is no gate.</summary>
    public required GgufTensor Gate { get; init; }

    /// <summary>(width, hidden).</summary>
    public required GgufTensor Up { get; init; }

    /// <summary>(hidden, width).</summary>
    public required GgufTensor Down { get; init; }

    /// <summary>What is between the matrices.</summary>
    public required FeedForwardActivation Activation { get; init; }

    /// <summary>(width), or null: the output is multiplied by the sigmoid of its product with the input.</summary>
    public GgufTensor? Share { get; init; }

    /// <summary>Values between the matrices.</summary>
    public int HiddenWidth => Down.Columns;
}
