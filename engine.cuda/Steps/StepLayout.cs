using System.Numerics;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Devices;
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
    private const int SequenceInts = 8;

    private readonly GpuContext _context;
    private readonly DeviceMemory _memory;
    private readonly AttentionWorks[] _attention;
    private readonly CUdeviceptr[] _cells; // of each group
    private readonly int[] _firstTables; // of each group
    private readonly int _spareState; // -1 for a model without states
    private PinnedBuffer _host;
    private DeviceBuffer _device;
    private int _at;

    /// <param name="context">The GPU's.</param>
    /// <param name="memory">Of the GPU.</param>
    /// <param name="shares">What layers look at.</param>
    /// <param name="mostPartialRows">Rows of partial results that there is room for.</param>
    /// <param name="spareState">A state that no sequence has; -1 for a model without states.</param>
    public StepLayout(GpuContext context, DeviceMemory memory, KvShares shares, int mostPartialRows, int spareState)
    {
        const int Bytes = 1 << 18;
        _context = context;
        _memory = memory;
        _spareState = spareState;
        _attention = [.. shares.Views.Select(view => new AttentionWorks(view, mostPartialRows))];
        _cells = new CUdeviceptr[shares.Partition.Groups.Count];
        _firstTables = new int[_cells.Length];
        _host = new PinnedBuffer(context, Bytes);
        _device = memory.Allocate(Bytes, "work space");
    }

    /// <summary>How attention is shared out for each of the views of layers.</summary>
    public ReadOnlySpan<AttentionWorks> Attention => _attention;

    /// <summary>(tokens).</summary>
    public CUdeviceptr Tokens { get; private set; }

    /// <summary>(tokens).</summary>
    public CUdeviceptr Positions { get; private set; }

    /// <summary>(rows of logits): tokens of the step.</summary>
    public CUdeviceptr LogitTokens { get; private set; }

    /// <summary>(hidden states): tokens of the step.</summary>
    public CUdeviceptr HiddenTokens { get; private set; }

    /// <summary>(8, sequences): see <c>states.cu</c>; for models whose layers keep states.</summary>
    public CUdeviceptr Sequences { get; private set; }

    /// <summary>How many <see cref="Sequences"/>, those of tokens that fill a batch up among them.</summary>
    public int SequenceCount { get; private set; }

    /// <summary>All block tables.</summary>
    public CUdeviceptr Tables { get; private set; }

    /// <summary>How many parts attention has for each reach of layers, powers of two, in one number: steps of as many tokens and the same number have the same grids.</summary>
    public long PartsKey { get; private set; }

    /// <summary>Whether each sequence has one token, which parts attend for.</summary>
    public bool IsDecode { get; private set; }

    /// <summary>How often the addresses of all parts have changed.</summary>
    public int Moved { get; private set; }

    /// <summary>(tokens): block * 16 + slot in a group's blocks.</summary>
    public CUdeviceptr Cells(int group) => _cells[group];

    /// <summary>Writes a plan and queues its copy. The copy of the one before is done.</summary>
    /// <param name="plan">The step's.</param>
    /// <param name="tokens">Tokens that the kernels see, no less than the plan's: what is added stands at position 0, in <paramref name="spare"/>, and attends to nothing.</param>
    /// <param name="rows">Rows of logits, no less than the plan's: what is added is of the first token.</param>
    /// <param name="roundsParts">Whether numbers of parts are powers of two.</param>
    /// <param name="spare">A block of the cache that no sequence has.</param>
    public void Write(StepPlan plan, int tokens, int rows, bool roundsParts, int spare)
    {
        var (works, tables) = Count(plan, roundsParts);
        SequenceCount = _spareState < 0 ? 0 : plan.Slices.Length + tokens - plan.AllTokens.Length;
        var ints = ((2 + plan.Groups) * tokens) + rows + plan.HiddenRowCount + tables + works + (SequenceCount * SequenceInts);
        Reserve(4L * ints);
        var all = _host.As<int>(0, ints);
        _at = works;
        Tokens = Part(all, tokens, out var tokenInts);
        Positions = Part(all, tokens, out var positionInts);
        var cellsAt = _at;
        for (var group = 0; group < plan.Groups; group++)
        {
            _cells[group] = Part(all, tokens, out _);
        }

        LogitTokens = Part(all, rows, out var logitInts);
        Sequences = Part(all, SequenceCount * SequenceInts, out var sequences);
        HiddenTokens = Part(all, plan.HiddenRowCount, out var hiddenInts);
        Tables = Part(all, tables, out var tableInts);
        plan.AllTokens.CopyTo(tokenInts);
        var real = plan.AllTokens.Length;
        tokenInts[real..].Clear();
        positionInts[real..].Clear();
        logitInts[plan.LogitsRowCount..].Clear();
        foreach (ref readonly var slice in plan.Slices)
        {
            for (var i = 0; i < slice.TokenCount; i++)
            {
                positionInts[slice.TokenOffset + i] = slice.StartPosition + i;
            }

            for (var i = 0; i < slice.LogitsRowCount; i++)
            {
                logitInts[slice.LogitsRow + i] = slice.TokenOffset + slice.TokenCount - slice.LogitsRowCount + i;
            }

            for (var i = 0; slice.HiddenRow >= 0 && i < slice.TokenCount; i++)
            {
                hiddenInts[slice.HiddenRow + i] = slice.TokenOffset + i;
            }
        }

        var table = 0;
        for (var group = 0; group < plan.Groups; group++)
        {
            _firstTables[group] = table;
            var cells = all.Slice(cellsAt + (group * tokens), tokens);
            cells[real..].Fill(spare * plan.BlockSize.Positions);
            WriteTables(plan, group, cells, tableInts, ref table);
        }

        WriteWorks(plan, all);
        WriteSequences(plan, sequences);
        IsDecode = plan.Slices.Length == real;
        _context.Check(
            DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(_device.Pointer, _host.Pointer, 4L * ints, _context.Stream), "copy a step's plan");
    }

    public void Dispose() => _host.Dispose();

    /// <summary>Ints of all works, and blocks in all tables.</summary>
    private (int Works, int Tables) Count(StepPlan plan, bool roundsParts)
    {
        int works = 0, tables = 0;
        PartsKey = 0;
        for (var i = 0; i < Attention.Length; i++)
        {
            var share = Attention[i];
            share.Count(plan, roundsParts);
            works += (share.WorkCount + share.PartWorkCount) * AttentionWorks.WorkInts;

            // Layers that see equally far have as many parts.
            if (i == 0 || share.View.Reach != Attention[i - 1].View.Reach)
            {
                PartsKey = (PartsKey * 32) + BitOperations.Log2((uint)share.PartWorkCount);
            }
        }

        for (var slice = 0; slice < plan.Slices.Length; slice++)
        {
            for (var group = 0; group < plan.Groups; group++)
            {
                tables += plan.Table(slice, group).Blocks.Length;
            }
        }

        return (works, tables);
    }

    private static void WriteTables(StepPlan plan, int group, Span<int> cells, Span<int> tables, ref int at)
    {
        for (var i = 0; i < plan.Slices.Length; i++)
        {
            ref readonly var slice = ref plan.Slices[i];
            var table = plan.Table(i, group);
            table.Blocks.CopyTo(tables[at..]);
            at += table.Blocks.Length;
            for (var token = 0; token < slice.TokenCount; token++)
            {
                var position = slice.StartPosition + token;
                cells[slice.TokenOffset + token] = (table[plan.BlockSize.FullBlocks(position)] * plan.BlockSize.Positions) + plan.BlockSize.Slot(position);
            }
        }
    }

    // They come first: where they lie follows from their numbers alone.
    private void WriteWorks(StepPlan plan, Span<int> all)
    {
        _at = 0;
        foreach (var share in Attention)
        {
            share.Works = Part(all, share.WorkCount * AttentionWorks.WorkInts, out var works);
            share.PartWorks = Part(all, share.PartWorkCount * AttentionWorks.WorkInts, out var partWorks);
            share.Write(plan, _firstTables[share.View.Group], works, partWorks);
        }
    }

    private void WriteSequences(StepPlan plan, Span<int> sequences)
    {
        sequences.Clear();
        for (var i = 0; i < SequenceCount; i++)
        {
            var sequence = sequences.Slice(i * SequenceInts, SequenceInts);
            if (i < plan.Slices.Length)
            {
                ref readonly var slice = ref plan.Slices[i];
                sequence[0] = slice.TokenOffset;
                sequence[1] = slice.TokenCount;
                sequence[2] = slice.StateSlot;
                sequence[3] = slice.SpareSlot;
                sequence[4] = slice.SpareAfter;
                sequence[5] = slice.StartPosition == 0 ? 1 : 0;
                continue;
            }

            sequence[0] = plan.AllTokens.Length + i - plan.Slices.Length;
            sequence[1] = 1;
            sequence[2] = _spareState;
            sequence[3] = -1;
            sequence[5] = 1;
        }
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
