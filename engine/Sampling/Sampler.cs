using System.Runtime.ExceptionServices;
using Crescent.Engine.Model.Text;

namespace Crescent.Engine.Sampling;

/// <summary>
/// Draws tokens from logits in host memory, on the caller's thread, in the order of <see cref="SamplingParameters"/>. Randomness is a function
/// of the request's seed and the position alone, so the same request gives the same tokens whatever runs beside it and wherever it is resumed.
/// One sampler serves one thread.
/// </summary>
public sealed class Sampler
{
    private readonly IRowSampler _rows;

    /// <summary>A sampler for the vocabulary of <paramref name="tokenizer"/>, as far as the model has logits for it.</summary>
    public Sampler(Tokenizer tokenizer, int vocabularySize)
    {
        Batch = new SamplingBatch(tokenizer, vocabularySize);
        _rows = IRowSampler.Create(vocabularySize);
    }

    /// <summary>Where rows are added that are drawn together.</summary>
    internal SamplingBatch Batch { get; }

    /// <summary>The next token of a sequence, alone.</summary>
    /// <param name="logits">(vocabulary), overwritten where the output's structure allows no token.</param>
    /// <param name="state">The sequence's.</param>
    /// <param name="position">Position of the token in prompt and output: the randomness depends on it.</param>
    /// <param name="logprobs">The model's logprobs, when the request asks for them.</param>
    /// <returns>The token, <see cref="SamplingRow.NoToken"/> or <see cref="SamplingRow.NotFinite"/>.</returns>
    public int Sample(Span<float> logits, SamplingState state, int position, out TokenLogprobs? logprobs)
    {
        Batch.Clear();
        Batch.Add(state, 0, position);
        while (Batch.Rows.Length > 0)
        {
            Sample(logits, Batch.Rows[0]);
            Batch.Settle();
        }

        var row = Batch[0];
        if (row.Fault is { } fault)
        {
            ExceptionDispatchInfo.Throw(fault);
        }

        logprobs = row.Logprobs(logits.Length);
        return row.Token;
    }

    /// <summary>Draws one of the batch's rows.</summary>
    internal void Sample(Span<float> logits, SamplingRow row) => _rows.Sample(logits, Batch, row);
}
