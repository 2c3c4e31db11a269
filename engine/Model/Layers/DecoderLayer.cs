namespace Crescent.Engine.Model.Layers;

/// <summary>A layer: branches that are added to the residual stream one after the other.</summary>
/// <param name="Branches">In order; mostly attention, then a feed-forward part.</param>
public sealed record DecoderLayer(IReadOnlyList<ResidualBranch> Branches)
{
    /// <summary>What the residual stream is multiplied by behind the last branch.</summary>
    public float OutputScale { get; init; } = 1;

    /// <summary>All steps, in order.</summary>
    public IEnumerable<LayerOperator> Operators => Branches.SelectMany(static branch => branch.AllOperators);
}
