namespace Crescent.Engine.Model.Layers;

/// <summary>A layer: branches that are added to the residual stream one after the other.</summary>
/// <param name="Branches">In order; mostly attention, then a feed-forward part.</param>
public sealed record DecoderLayer(IReadOnlyList<ResidualBranch> Branches)
{
    /// <summary>All steps, in order.</summary>
    public IEnumerable<LayerOperator> Operators => Branches.SelectMany(static branch => branch.Operators);
}
