namespace Crescent.Engine.Sampling;

/// <summary>Draws tokens from rows of logits in host memory, one row at a time. One sampler serves one thread.</summary>
internal interface IRowSampler
{
    /// <summary>Draws the token of <paramref name="row"/>.</summary>
    /// <param name="logits">(vocabulary): as they were afterwards, but for the tokens that the row's mask forbids.</param>
    /// <param name="batch">Which the row belongs to.</param>
    /// <param name="row">What is asked, and takes the answer.</param>
    void Sample(Span<float> logits, SamplingBatch batch, SamplingRow row);
}
