using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Devices;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Sampling;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>
/// Draws tokens: where a row asks for nothing but the likeliest, the GPU has found it; other rows' logits are copied and drawn from by the host, with the bits
/// that every device draws with.
/// </summary>
internal sealed class CudaSampler : IDeviceSampler, IDisposable
{
    private readonly GpuContext _context;
    private readonly Decoder _decoder;
    private readonly StepResults _results;
    private readonly IRowSampler _rows;
    private readonly bool[] _copied;

    /// <param name="context">The GPU's.</param>
    /// <param name="decoder">Has the logits.</param>
    /// <param name="results">Has the likeliest tokens.</param>
    /// <param name="config">Vocabulary.</param>
    /// <param name="maxLogitRows">Rows of a step.</param>
    public CudaSampler(GpuContext context, Decoder decoder, StepResults results, ModelConfig config, int maxLogitRows)
    {
        _context = context;
        _decoder = decoder;
        _results = results;
        _rows = IRowSampler.Create(config.VocabularySize);
        _copied = new bool[maxLogitRows];
    }

    /// <inheritdoc/>
    public void Sample(SamplingBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _context.Enter();
        var waits = false;
        foreach (var row in batch.Rows)
        {
            // A row that is drawn again is still there, but for the tokens that its mask forbade.
            if (!IsPlain(row) && !(row.IsRedraw && _copied[row.LogitsRow]))
            {
                _results.CopyLogits(_decoder, row.LogitsRow);
                _copied[row.LogitsRow] = waits = true;
            }
        }

        if (waits)
        {
            _context.Synchronize();
        }

        foreach (var row in batch.Rows)
        {
            if (IsPlain(row))
            {
                row.Token = float.IsFinite(_results.Largest(row.LogitsRow)) ? _results.Likeliest(row.LogitsRow) : SamplingRow.NotFinite;
                continue;
            }

            try
            {
                _rows.Sample(_results.Logits(row.LogitsRow), batch, row);
            }
            catch (Exception fault)
            {
                // What one row asks for is wrong: the others are drawn all the same.
                row.Fail(fault);
            }
        }
    }

    public void Dispose() => Array.Clear(_copied);

    private static bool IsPlain(SamplingRow row) => row.Parameters.Temperature <= 0 && row.Parameters.TopLogprobs is null && row.Forced < 0 && row.Mask.IsEmpty && !row.ForbidsEnd
        && row.BiasTokens.IsEmpty && row.SeenTokens.IsEmpty;
}
