using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Layers;

/// <summary>
/// A branch beside the residual stream x: x += scale * postNorm(sum of the operators' outputs for norm(x)). Norms are RMS norms of
/// <c>x / sqrt(mean(x^2) + epsilon) * gain</c>. Instead of operators it may have parts, which are added up: each with norms of its own.
/// </summary>
public sealed record ResidualBranch
{
    /// <summary>Gain of the norm before (width), or null where there is none.</summary>
    public required GgufTensor? Norm { get; init; }

    /// <summary>What the branch computes; outputs are added up.</summary>
    public required IReadOnlyList<LayerOperator> Operators { get; init; }

    /// <summary>Branches without a scale or parts that read x too and whose outputs are added up, where there are no operators: gemma4.</summary>
    public IReadOnlyList<ResidualBranch> Parts { get; init; } = [];

    /// <summary>The operators, those of parts among them, in order.</summary>
    public IEnumerable<LayerOperator> AllOperators => Operators.Concat(Parts.SelectMany(static part => part.Operators));

    /// <summary>Gain of the norm behind (width), or null where there is none.</summary>
    public GgufTensor? PostNorm { get; init; }

    /// <summary>What the branch is multiplied by before it is added.</summary>
    public float Scale { get; init; } = 1;
}
