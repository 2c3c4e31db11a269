using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>A section of a branch in a step: all sections of a model, one after the other, are its layers.</summary>
/// <param name="Section">Which.</param>
/// <param name="Bias">What the residual stream still lacks of the branch before (width), or null.</param>
/// <param name="Sum">Where its parts are added up: in a buffer of its own where a norm is behind them, else in <paramref name="Total"/>.</param>
/// <param name="Total">Where the branch's sections are added up: in a buffer where a norm is behind them, else in the residual stream.</param>
/// <param name="EndOf">The branch that ends with it, or null.</param>
internal sealed record SectionStep(BranchSection Section, DeviceBuffer? Bias, PartTarget Sum, PartTarget Total, BranchWeights? EndOf)
{
    /// <summary>All sections of a model.</summary>
    /// <param name="branches">Of all layers, in order.</param>
    /// <param name="residual">(width, tokens).</param>
    /// <param name="branch">The same, of a branch that a norm is behind; null where none is.</param>
    /// <param name="section">The same, of a section.</param>
    public static SectionStep[] Of(IReadOnlyList<BranchWeights> branches, DeviceBuffer residual, DeviceBuffer? branch, DeviceBuffer? section)
    {
        var steps = new List<SectionStep>();
        for (var i = 0; i < branches.Count; i++)
        {
            var weights = branches[i];
            for (var k = 0; k < weights.Sections.Count; k++)
            {
                var total = weights.PostNorm is null ? new PartTarget(residual.Pointer, true, weights.Scale) : new PartTarget(branch!.Pointer, k > 0, weights.Scale);
                steps.Add(new SectionStep(
                    weights.Sections[k], k == 0 && i > 0 ? branches[i - 1].OutputBias : null, weights.Sections[k].PostNorm is null ? total : new PartTarget(section!.Pointer, false, 1), total,
                    k == weights.Sections.Count - 1 ? weights : null));
            }
        }

        return [.. steps];
    }
}
