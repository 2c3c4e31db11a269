using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Devices;
using Crescent.Engine.Sampling;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>
/// Draws tokens. Where a row asks for nothing but the likeliest, the step has found it; all others are drawn by the GPU together, with the bits that every device draws
/// with. What the GPU cannot settle so is copied and drawn from by the host: see <see cref="SamplingAsk.TryWrite"/> and <c>sampling.cu</c>.
/// </summary>
internal sealed class CudaSampler : IDeviceSampler, IDisposable
{
    private readonly GpuContext _context;
    private readonly DeviceBuffer _logits;
    private readonly StepResults _results;
    private readonly GpuSampling? _gpu;
    private readonly IRowSampler _rows;
    private readonly bool[] _copied;
    private readonly bool[] _taken;
    private SamplingRow[] _asked;
    private SamplingRow[] _hosted;

    /// <param name="context">The GPU's.</param>
    /// <param name="logits">(vocabulary, rows).</param>
    /// <param name="results">Has the likeliest tokens.</param>
    /// <param name="gpu">Draws; null for a vocabulary that is too large for it.</param>
    /// <param name="vocabulary">Logits of a row.</param>
    /// <param name="maxLogitRows">Rows of a step.</param>
    public CudaSampler(GpuContext context, DeviceBuffer logits, StepResults results, GpuSampling? gpu, int vocabulary, int maxLogitRows)
    {
        _context = context;
        _logits = logits;
        _results = results;
        _gpu = gpu;
        _rows = IRowSampler.Create(vocabulary);
        _copied = new bool[maxLogitRows];
        _taken = new bool[maxLogitRows];
        _asked = new SamplingRow[maxLogitRows];
        _hosted = new SamplingRow[maxLogitRows];
    }

    /// <summary>Rows that the GPU has drawn, those of the likeliest token alone not among them.</summary>
    public long RowsOfGpu { get; private set; }

    /// <summary>Rows that were copied and drawn by the host.</summary>
    public long RowsOfHost { get; private set; }

    /// <inheritdoc/>
    public void Sample(SamplingBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _context.Enter();
        var rows = batch.Rows;
        if (rows.Length > _hosted.Length)
        {
            Array.Resize(ref _asked, rows.Length);
            Array.Resize(ref _hosted, rows.Length);
        }

        var (asked, hosted) = Part(batch);
        if (asked > 0)
        {
            _gpu!.Run(_logits.Pointer);
        }

        var copies = Copy(hosted);
        if (asked > 0 || copies)
        {
            _context.Synchronize();
        }

        var first = hosted;
        for (var i = 0; i < asked; i++)
        {
            if (!_gpu!.TryGive(i, _asked[i]))
            {
                _hosted[hosted++] = _asked[i];
            }
        }

        DrawByHost(batch, 0, first);
        if (hosted > first)
        {
            // Sums that are too near to say, or too many tokens to choose among: seldom.
            Copy(hosted, first);
            _context.Synchronize();
            DrawByHost(batch, first, hosted);
        }

        RowsOfGpu += asked - (hosted - first);
        RowsOfHost += hosted;
        Array.Clear(_asked, 0, asked);
        Array.Clear(_hosted, 0, hosted);
    }

    public void Dispose() => Array.Clear(_copied);

    private static bool IsPlain(SamplingRow row) => row.Parameters.Temperature <= 0 && row.Parameters.TopLogprobs is null && row.Forced < 0 && row.Mask.IsEmpty && !row.ForbidsEnd
        && row.BiasTokens.IsEmpty && row.SeenTokens.IsEmpty;

    // Draws the plain ones at once, and parts the others by who draws them.
    private (int Asked, int Hosted) Part(SamplingBatch batch)
    {
        var (asked, hosted) = (0, 0);
        _gpu?.Clear();
        foreach (var row in batch.Rows)
        {
            try
            {
                if (!row.IsRedraw)
                {
                    _copied[row.LogitsRow] = false;
                }

                if (IsPlain(row))
                {
                    row.Token = float.IsFinite(_results.Largest(row.LogitsRow)) ? _results.Likeliest(row.LogitsRow) : SamplingRow.NotFinite;
                }
                else if (!_taken[row.LogitsRow] && _gpu?.TryAdd(batch, row) == true)
                {
                    // The kernel moves logits while it draws: each is of one row.
                    _taken[row.LogitsRow] = true;
                    _asked[asked++] = row;
                }
                else
                {
                    _hosted[hosted++] = row;
                }
            }
            catch (Exception fault)
            {
                // What one row asks for is wrong: the others are drawn all the same.
                row.Fail(fault);
            }
        }

        for (var i = 0; i < asked; i++)
        {
            _taken[_asked[i].LogitsRow] = false;
        }

        return (asked, hosted);
    }

    private bool Copy(int end, int first = 0)
    {
        var copies = false;
        for (var i = first; i < end; i++)
        {
            // A row that is drawn again is still there, but for the tokens that its mask forbade.
            var row = _hosted[i];
            if (!(row.IsRedraw && _copied[row.LogitsRow]))
            {
                _results.CopyLogits(_logits, row.LogitsRow);
                _copied[row.LogitsRow] = copies = true;
            }
        }

        return copies;
    }

    private void DrawByHost(SamplingBatch batch, int first, int end)
    {
        for (var i = first; i < end; i++)
        {
            try
            {
                _rows.Sample(_results.Logits(_hosted[i].LogitsRow), batch, _hosted[i]);
            }
            catch (Exception fault)
            {
                _hosted[i].Fail(fault);
            }
        }
    }
}
