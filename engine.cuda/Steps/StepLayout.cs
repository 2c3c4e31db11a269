using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Devices;
using Crescent.Engine.Model.Architectures;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>
/// What the kernels are told of a step: tokens, positions, places in the cache, block tables, and how attention is shared out. Written into pinned memory and
/// copied at once. Each part's address holds until the next <see cref="Write"/>; those of plans of as many tokens, rows, works and
/// parts are the same until <see cref="Moved"/> changes.
/// </summary>
internal sealed class StepLayout : IDisposable
{
    /// <summary>Parts of a long context that warps share, at most.</summary>
    public const int MostParts = 32;

    private const int LeastPart = 128; // positions: four blocks' warps with two blocks of the cache each
    private const int WorkInts = 12;

    private readonly GpuContext _context;
    private readonly DeviceMemory _memory;
    private readonly int _tokensOfWork;
    private readonly int _mostPartialRows;
    private PinnedBuffer _host;
    private DeviceBuffer _device;
    private int _at;
    private int _slots;

    /// <param name="context">The GPU's.</param>
    /// <param name="memory">Of the GPU.</param>
    /// <param name="config">Heads.</param>
    /// <param name="mostPartialRows">Rows of partial results that there is room for.</param>
    public StepLayout(GpuContext context, DeviceMemory memory, ModelConfig config, int mostPartialRows)
    {
        const int Bytes = 1 << 18;
        _context = context;
        _memory = memory;
        _mostPartialRows = mostPartialRows;
        _tokensOfWork = 16 / Math.Min(16, config.HeadCount / config.KvHeadCount);
        _host = new PinnedBuffer(context, Bytes);
        _device = memory.Allocate(Bytes, "work space");
    }

    /// <summary>(tokens).</summary>
    public CUdeviceptr Tokens { get; private set; }

    /// <summary>(tokens).</summary>
    public CUdeviceptr Positions { get; private set; }

    /// <summary>(tokens): block * 16 + slot.</summary>
    public CUdeviceptr Cells { get; private set; }

    /// <summary>(rows of logits): tokens of the step.</summary>
    public CUdeviceptr LogitTokens { get; private set; }

    /// <summary>(hidden states): tokens of the step.</summary>
    public CUdeviceptr HiddenTokens { get; private set; }

    /// <summary>All block tables.</summary>
    public CUdeviceptr Tables { get; private set; }

    /// <summary>What single warps attend to: see <c>attention.cu</c>.</summary>
    public CUdeviceptr Works { get; private set; }

    /// <summary>How many <see cref="Works"/>.</summary>
    public int WorkCount { get; private set; }

    /// <summary>What blocks attend to, in parts that they join.</summary>
    public CUdeviceptr PartWorks { get; private set; }

    /// <summary>How many <see cref="PartWorks"/>, those with nothing to do among them.</summary>
    public int PartWorkCount { get; private set; }

    /// <summary>Whether each sequence has one token, which <see cref="PartWorks"/> attend for.</summary>
    public bool IsDecode { get; private set; }

    /// <summary>How often the addresses of all parts have changed.</summary>
    public int Moved { get; private set; }

    /// <summary>Writes a plan and queues its copy. The copy of the one before is done.</summary>
    /// <param name="plan">The step's.</param>
    /// <param name="tokens">Tokens that the kernels see, no less than the plan's: what is added stands at position 0, in <paramref name="spare"/>, and attends to nothing.</param>
    /// <param name="rows">Rows of logits, no less than the plan's: what is added is of the first token.</param>
    /// <param name="roundsParts">Whether <see cref="PartWorkCount"/> is a power of two.</param>
    /// <param name="spare">A block of the cache that no sequence has.</param>
    public void Write(StepPlan plan, int tokens, int rows, bool roundsParts, int spare)
    {
        Size(plan, out var works, out var partWorks, out var tables);
        partWorks = roundsParts ? (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)partWorks) : partWorks;
        var ints = (3 * tokens) + rows + plan.HiddenRowCount + tables + ((works + partWorks) * WorkInts);
        Reserve(4L * ints);
        var all = _host.As<int>(0, ints);
        _at = 0;
        Works = Part(all, works * WorkInts, out var workInts);
        PartWorks = Part(all, partWorks * WorkInts, out var partInts);
        Tokens = Part(all, tokens, out var tokenInts);
        Positions = Part(all, tokens, out var positionInts);
        Cells = Part(all, tokens, out var cellInts);
        LogitTokens = Part(all, rows, out var logitInts);
        HiddenTokens = Part(all, plan.HiddenRowCount, out var hiddenInts);
        Tables = Part(all, tables, out var tableInts);
        plan.AllTokens.CopyTo(tokenInts);
        var real = plan.AllTokens.Length;
        tokenInts[real..].Clear();
        positionInts[real..].Clear();
        cellInts[real..].Fill(spare * plan.BlockSize.Positions);
        logitInts[plan.LogitsRowCount..].Clear();
        WorkCount = PartWorkCount = _slots = 0;
        var partials = 0;
        var tableAt = 0;
        foreach (ref readonly var slice in plan.Slices)
        {
            var table = plan.BlockTable(slice);
            table.CopyTo(tableInts[tableAt..]);
            for (var i = 0; i < slice.TokenCount; i++)
            {
                var position = slice.StartPosition + i;
                positionInts[slice.TokenOffset + i] = position;
                cellInts[slice.TokenOffset + i] = (table[plan.BlockSize.FullBlocks(position)] * plan.BlockSize.Positions) + plan.BlockSize.Slot(position);
            }

            for (var i = 0; i < slice.LogitsRowCount; i++)
            {
                logitInts[slice.LogitsRow + i] = slice.TokenOffset + slice.TokenCount - slice.LogitsRowCount + i;
            }

            for (var i = 0; slice.HiddenRow >= 0 && i < slice.TokenCount; i++)
            {
                hiddenInts[slice.HiddenRow + i] = slice.TokenOffset + i;
            }

            Share(slice, tableAt, ref partials, workInts, partInts);
            tableAt += table.Length;
        }

        partInts[(PartWorkCount * WorkInts)..].Clear();
        PartWorkCount = partWorks;
        IsDecode = plan.Slices.Length == real;
        _context.Check(
            DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(_device.Pointer, _host.Pointer, 4L * ints, _context.Stream), "copy a step's plan");
    }

    public void Dispose() => _host.Dispose();

    /// <summary>Positions of each part of a context of <paramref name="end"/>: of it alone, so that a sum is the same whatever else is in a step.</summary>
    private static int PartOf(int end) => Math.Max(LeastPart, ((((end + MostParts - 1) / MostParts) + 15) / 16) * 16);

    private void Size(StepPlan plan, out int works, out int partWorks, out int tables)
    {
        works = partWorks = tables = 0;
        var partials = 0;
        foreach (ref readonly var slice in plan.Slices)
        {
            tables += slice.TableLength;
            var parts = PartsOf(slice, partials);
            partials += parts > 1 ? parts * slice.TokenCount : 0;
            partWorks += parts;
            works += parts > 0 ? 0 : (slice.TokenCount + _tokensOfWork - 1) / _tokensOfWork;
        }
    }

    // 0 where each warp looks at all of its tokens' context: for prompts, which have warps enough.
    private int PartsOf(in StepSlice slice, int partials)
    {
        if (slice.TokenCount > _tokensOfWork)
        {
            return 0;
        }

        var end = slice.StartPosition + slice.TokenCount;
        var part = PartOf(end);
        var parts = (end + part - 1) / part;
        return partials + (parts * slice.TokenCount) <= _mostPartialRows ? parts : 1;
    }

    private void Share(in StepSlice slice, int table, ref int partials, Span<int> works, Span<int> partWorks)
    {
        var parts = PartsOf(slice, partials);
        var end = slice.StartPosition + slice.TokenCount;
        if (parts == 0)
        {
            for (var first = 0; first < slice.TokenCount; first += _tokensOfWork)
            {
                var count = Math.Min(_tokensOfWork, slice.TokenCount - first);
                var position = slice.StartPosition + first;
                Fill(works.Slice(WorkCount++ * WorkInts, WorkInts), slice.TokenOffset + first, count, position, table, 0, position + count);
            }

            return;
        }

        var part = parts == 1 ? end : PartOf(end);
        for (var i = 0; i < parts; i++)
        {
            var work = partWorks.Slice(PartWorkCount++ * WorkInts, WorkInts);
            Fill(work, slice.TokenOffset, slice.TokenCount, slice.StartPosition, table, i * part, Math.Min(end, (i + 1) * part));
            work[6] = partials + (i * slice.TokenCount);
            work[7] = _slots;
            work[8] = i;
            work[9] = parts;
        }

        _slots++;
        partials += parts > 1 ? parts * slice.TokenCount : 0;
    }

    private static void Fill(Span<int> work, int token, int tokens, int position, int table, int begin, int end)
    {
        work.Clear();
        work[0] = token;
        work[1] = tokens;
        work[2] = position;
        work[3] = table;
        work[4] = begin;
        work[5] = end;
    }

    private CUdeviceptr Part(Span<int> all, int count, out Span<int> part)
    {
        part = all.Slice(_at, count);
        var address = _device.At(4L * _at);
        _at += count;
        return address;
    }

    // Grows seldom: the tables of a step are bounded by its sequences and their blocks.
    private void Reserve(long bytes)
    {
        if (bytes <= _host.Bytes)
        {
            return;
        }

        var more = Math.Max(bytes, 2 * _host.Bytes);
        _context.Synchronize();
        _host.Dispose();
        _device.Dispose();
        _host = new PinnedBuffer(_context, more);
        _device = _memory.Allocate(more, "work space");
        Moved++;
    }
}
