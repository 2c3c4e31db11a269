using Crescent.Engine.Simd;

namespace Crescent.Engine.Sampling;

/// <summary>Draws tokens from rows of logits in host memory, one row at a time. One sampler serves one thread.</summary>
internal interface IRowSampler
{
    /// <summary>A sampler for rows of <paramref name="vocabulary"/> logits, in the widest vectors that the processor has.</summary>
    static IRowSampler Create(int vocabulary) => Lanes512.IsSupported
        ? new RowSampler<Lanes512>(vocabulary)
        : Lanes256.IsSupported ? new RowSampler<Lanes256>(vocabulary) : new RowSampler<Lanes128>(vocabulary);

    /// <summary>Draws the token of <paramref name="row"/>.</summary>
    /// <param name="logits">(vocabulary): as they were afterwards, but for the tokens that the row's mask forbids.</param>
    /// <param name="batch">Which the row belongs to.</param>
    /// <param name="row">What is asked, and takes the answer.</param>
    void Sample(Span<float> logits, SamplingBatch batch, SamplingRow row);
}
