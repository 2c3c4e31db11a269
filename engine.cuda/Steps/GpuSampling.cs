using System.Runtime.CompilerServices;
using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Sampling;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>
/// Rows drawn by the GPU: what they ask for goes there in one copy and what was drawn comes back in one, through pinned memory. Nothing is allocated once it is made.
/// </summary>
internal sealed class GpuSampling : IDisposable
{
    /// <summary>Tokens that a row chooses among, at most: as <c>sampling.cu</c> has it.</summary>
    public const int MostCandidates = 32_768;

    /// <summary>Rows of a launch: they have room for candidates each.</summary>
    private const int RowsOfLaunch = 128;

    private const int ListBytesOfRow = 128 << 10;
    private const long MostListBytes = 16L << 20;
    private const string Purpose = "sampling";

    private readonly GpuContext _context;
    private readonly Kernel _kernel;
    private readonly DeviceBuffer _candidates; // (3, candidates, rows of a launch)
    private readonly DeviceBuffer _asks; // (rows), then lists
    private readonly DeviceBuffer _answers; // (rows)
    private readonly PinnedBuffer _hostAsks;
    private readonly PinnedBuffer _hostAnswers;
    private readonly int _vocabulary;
    private readonly int _rows;
    private readonly int _listInts;
    private int _listAt;

    /// <param name="context">The GPU's.</param>
    /// <param name="kernels">Of the GPU.</param>
    /// <param name="memory">Of the GPU.</param>
    /// <param name="vocabulary">Logits of a row.</param>
    /// <param name="rows">Rows that are drawn at once, at most.</param>
    public GpuSampling(GpuContext context, KernelLibrary kernels, DeviceMemory memory, int vocabulary, int rows)
    {
        _context = context;
        _vocabulary = vocabulary;
        _rows = rows;
        _kernel = kernels.Get("sampling.cu", "sample_rows");

        // Any row has room alone: each token seen, moved and masked.
        var listBytes = Math.Max(Math.Min((long)ListBytesOfRow * rows, MostListBytes), 17L * vocabulary);
        _listInts = checked((int)(listBytes / 4));
        _candidates = memory.Allocate(12L * MostCandidates * Math.Min(rows, RowsOfLaunch), Purpose);
        _asks = memory.Allocate(ListsFrom + listBytes, Purpose);
        _answers = memory.Allocate((long)Unsafe.SizeOf<SamplingAnswer>() * rows, Purpose);
        _hostAsks = new PinnedBuffer(context, ListsFrom + listBytes);
        _hostAnswers = new PinnedBuffer(context, _answers.Bytes);
    }

    /// <summary>Rows that were added since <see cref="Clear"/>.</summary>
    public int Count { get; private set; }

    private long ListsFrom => (long)Unsafe.SizeOf<SamplingAsk>() * _rows;

    /// <summary>Begins anew.</summary>
    public void Clear() => Count = _listAt = 0;

    /// <summary>Adds a row to those that are drawn at once; false where it is one that only the host draws, or there is no room for its lists.</summary>
    public bool TryAdd(SamplingBatch batch, SamplingRow row)
    {
        if (Count == _rows || _vocabulary != batch.VocabularySize || SamplingAsk.ListInts(batch, row) > _listInts - _listAt
            || !SamplingAsk.TryWrite(batch, row, _hostAsks.As<int>(ListsFrom, _listInts), ref _listAt, out var ask))
        {
            return false;
        }

        _hostAsks.As<SamplingAsk>(0, _rows)[Count++] = ask;
        return true;
    }

    /// <summary>Queues the drawing of all that were added, and the copy of what comes out.</summary>
    /// <param name="logits">(vocabulary, rows): as they were afterwards.</param>
    public void Run(CUdeviceptr logits)
    {
        var (askBytes, answerBytes) = (Unsafe.SizeOf<SamplingAsk>(), Unsafe.SizeOf<SamplingAnswer>());
        var bytes = _listAt > 0 ? ListsFrom + (4L * _listAt) : (long)askBytes * Count;
        _context.Check(DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(_asks.Pointer, _hostAsks.Pointer, bytes, _context.Stream), "copy what is to be drawn");

        for (var first = 0; first < Count; first += RowsOfLaunch)
        {
            _kernel.With(logits).With(_asks.At((long)askBytes * first)).With(_asks.At(ListsFrom)).With(_answers.At((long)answerBytes * first)).With(_candidates.Pointer)
                .With(_vocabulary).Launch(Math.Min(RowsOfLaunch, Count - first), 1, 1024);
        }

        _context.Check(
            DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(_hostAnswers.Pointer, _answers.Pointer, (long)answerBytes * Count, _context.Stream), "copy tokens");
    }

    /// <summary>Gives the <paramref name="index"/>th row that was added what was drawn; false where the host has to draw it.</summary>
    public bool TryGive(int index, SamplingRow row) => _hostAnswers.As<SamplingAnswer>(0, _rows)[index].TryGive(row, _vocabulary);

    public void Dispose()
    {
        _hostAsks.Dispose();
        _hostAnswers.Dispose();
    }
}
