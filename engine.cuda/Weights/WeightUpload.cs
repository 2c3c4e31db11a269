using System.Buffers;
using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Model.Gguf;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>
/// Brings tensors from their mapped file into device memory: pieces of whole tile rows are copied into pinned memory and on to the GPU, which packs them while
/// the next piece is copied.
/// </summary>
internal sealed unsafe class WeightUpload : IDisposable
{
    private const int Stages = 2;
    private const long PieceBytes = 16 << 20;

    private readonly GpuContext _context;
    private readonly DeviceMemory _memory;
    private readonly Kernel _repack;
    private readonly Action<long>? _uploaded;
    private readonly RandomWeights? _random;
    private readonly Stage?[] _stages = new Stage?[Stages];
    private int _next;

    /// <param name="context">The GPU's.</param>
    /// <param name="memory">Where matrices are to lie.</param>
    /// <param name="kernels">Of the GPU.</param>
    /// <param name="uploaded">Told of each piece: bytes of the file.</param>
    /// <param name="random">Whether matrices are filled with random numbers, and nothing of them is read.</param>
    public WeightUpload(GpuContext context, DeviceMemory memory, KernelLibrary kernels, Action<long>? uploaded, bool random = false)
    {
        _random = random ? new RandomWeights(kernels) : null;
        _context = context;
        _memory = memory;
        _repack = kernels.Get("repack.cu", "repack");
        _uploaded = uploaded;
    }

    /// <summary>A matrix of the rows of several tensors one after the other, which <see cref="CanJoin"/> lets be one.</summary>
    public PackedMatrix Load(string purpose, params ReadOnlySpan<GgufTensor> tensors) => Load(purpose, 1, Runs.Of(0, tensors[0].Columns), tensors);

    /// <summary>The same, where each tensor begins with a tile row, whose rows that the one before lacks are zeros.</summary>
    public PackedMatrix LoadStack(string purpose, params ReadOnlySpan<GgufTensor> tensors) => Load(purpose, PackedFormats.TileRows, Runs.Of(0, tensors[0].Columns), tensors);

    /// <summary>A matrix of some columns of a tensor, all of whose blocks from the first to the last of them are copied to the GPU.</summary>
    /// <param name="purpose">For the account of memory.</param>
    /// <param name="tensor">Whole.</param>
    /// <param name="columns">In whole times 8, and 32 where it is quantised.</param>
    public PackedMatrix LoadColumns(string purpose, GgufTensor tensor, Runs columns) =>
        Load(purpose, 1, columns with { First = 0 }, SpanOf(tensor, columns));

    /// <summary>The columns of a tensor from the first to the last of some, with what lies between: what <see cref="LoadColumns"/> reads.</summary>
    public static GgufTensor SpanOf(GgufTensor tensor, Runs columns) => columns.Span == tensor.Columns ? tensor : tensor.SomeColumns(columns.First, columns.Span);

    private PackedMatrix Load(string purpose, int unit, Runs runs, params ReadOnlySpan<GgufTensor> tensors)
    {
        var format = PackedFormats.Of(tensors[0].Type);
        var columns = runs.Total;
        if (columns % 8 != 0)
        {
            throw new InvalidModelException("the model", tensors[0].Name, $"has rows of {columns} values; on a GPU they must be a multiple of 8");
        }

        var rows = 0;
        foreach (var tensor in tensors)
        {
            rows = checked(rows + Rounded(tensor, unit));
        }

        var matrix = new PackedMatrix(format, rows, columns, _memory.Allocate(PackedFormats.Bytes(format, rows, columns), purpose));
        if (_random is not null)
        {
            _random.Fill(matrix);
            return matrix;
        }

        var row = 0;
        for (var first = 0; first < tensors.Length;)
        {
            // Those that lie alike are packed as one, so that a tile row may have rows of several.
            var end = first + 1;
            while (end < tensors.Length && unit == 1 && LieAlike(tensors[first], tensors[end]))
            {
                end++;
            }

            var alike = tensors[first..end];
            Load(alike, matrix, row, runs);
            foreach (var tensor in alike)
            {
                row += Rounded(tensor, unit);
            }

            first = end;
        }

        return matrix;
    }

    /// <summary>Whether they can be loaded as one matrix: all have one packed format, and those of another type begin with a tile row.</summary>
    public static bool CanJoin(params ReadOnlySpan<GgufTensor> tensors)
    {
        var rows = 0L;
        for (var i = 0; i < tensors.Length; i++)
        {
            if (PackedFormats.Of(tensors[i].Type) != PackedFormats.Of(tensors[0].Type)
                || (i > 0 && rows % PackedFormats.TileRows != 0 && !LieAlike(tensors[i - 1], tensors[i])))
            {
                return false;
            }

            rows += tensors[i].Rows;
        }

        return true;
    }

    /// <summary>Vectors, or vectors of experts, as floats, one after the other; null where the first is.</summary>
    public DeviceBuffer? LoadFloats(string purpose, params ReadOnlySpan<GgufTensor?> tensors)
    {
        if (tensors[0] is null)
        {
            return null;
        }

        var count = 0;
        foreach (var tensor in tensors)
        {
            count += checked((int)(tensor!.Columns * tensor.Rows));
        }

        var values = new float[count];
        values.AsSpan().Fill(1);
        var at = 0;
        foreach (var tensor in _random is null ? tensors : [])
        {
            for (var row = 0; row < tensor!.Rows; row++)
            {
                ReadFloats(tensor, row, values.AsSpan(at, tensor.Columns));
                at += tensor.Columns;
            }
        }

        return LoadBytes(purpose, System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values));
    }

    /// <summary>Any bytes, at most a piece's.</summary>
    public DeviceBuffer LoadBytes(string purpose, ReadOnlySpan<byte> bytes)
    {
        var buffer = _memory.Allocate(bytes.Length, purpose);
        for (var done = 0; done < bytes.Length;)
        {
            var stage = Take(out var pinned);
            var count = (int)Math.Min(bytes.Length - done, PieceBytes);
            bytes.Slice(done, count).CopyTo(pinned.As<byte>(0, count));
            Copy(buffer.At(done), pinned.Pointer, count);
            stage.Mark(_context);
            done += count;
        }

        return buffer;
    }

    public void Dispose()
    {
        foreach (var stage in _stages)
        {
            stage?.Dispose();
        }
    }

    private static int Rounded(GgufTensor tensor, int unit) => checked((int)((tensor.Rows + unit - 1) / unit * unit));

    private static bool LieAlike(GgufTensor one, GgufTensor other) => (one.Type, one.RowBytes, one.FirstColumn) == (other.Type, other.RowBytes, other.FirstColumn);

    // Rows of tensors that lie alike, from a row on that is a tile row's first.
    private void Load(ReadOnlySpan<GgufTensor> tensors, PackedMatrix matrix, int first, Runs runs)
    {
        var tensor = tensors[0];
        var raw = PackedFormats.IsReadByGpu(tensor.Type);
        var type = raw ? tensor.Type : GgmlType.F32;
        var rowBytes = raw ? tensor.RowBytes : 4L * tensor.Columns;
        var rows = 0;
        foreach (var some in tensors)
        {
            rows = checked(rows + (int)some.Rows);
        }

        var pieceRows = (int)Math.Min(rows, Math.Max(PackedFormats.TileRows, PieceBytes / rowBytes / PackedFormats.TileRows * PackedFormats.TileRows));
        var (next, inNext) = (0, 0L); // the tensor, and of it the row, that comes next
        for (var row = 0; row < rows; row += pieceRows)
        {
            var count = Math.Min(pieceRows, rows - row);
            var stage = Take(out var pinned, count * rowBytes);
            for (var done = 0; done < count;)
            {
                var some = (int)Math.Min(count - done, tensors[next].Rows - inNext);
                Read(tensors[next], inNext, some, raw, rowBytes, pinned, done * rowBytes);
                done += some;
                inNext += some;
                if (inNext == tensors[next].Rows)
                {
                    (next, inNext) = (next + 1, 0);
                }
            }

            CheckScales(tensor, pinned.As<byte>(0, checked((int)(count * rowBytes))));
            Copy(stage.Device.Pointer, pinned.Pointer, count * rowBytes);
            var threads = (long)((count + PackedFormats.TileRows - 1) / PackedFormats.TileRows) * matrix.Steps * 32;
            _repack.With(stage.Device.Pointer).With(matrix.Pointer).With((int)type).With((int)matrix.Format).With(count).With(matrix.Columns).With(first + row).With(matrix.Steps).With(rowBytes)
                .With(raw ? tensor.FirstColumn : 0).With(runs.Length).With(runs.Stride)
                .Launch(checked((int)((threads + 255) / 256)), 1, 256);
            stage.Mark(_context);
            _uploaded?.Invoke(count * tensor.RowBytes);
        }
    }

    // So many rows into pinned memory: as they lie, or as floats.
    private static void Read(GgufTensor tensor, long row, int count, bool raw, long rowBytes, PinnedBuffer pinned, long at)
    {
        if (raw && tensor.RowStride == rowBytes)
        {
            var bytes = new ReadOnlySpan<byte>(tensor.Data + (row * rowBytes), checked((int)(count * rowBytes)));
            bytes.CopyTo(pinned.As<byte>(at, bytes.Length));
            return;
        }

        for (var i = 0; i < count; i++)
        {
            if (raw)
            {
                tensor.Row(row + i).CopyTo(pinned.As<byte>(at + (i * rowBytes), checked((int)rowBytes)));
            }
            else
            {
                ReadFloats(tensor, row + i, pinned.As<float>(at + (i * rowBytes), tensor.Columns));
            }
        }
    }

    // A half holds 6 * 2^13, the greatest number of such a block, and no more.
    private static void CheckScales(GgufTensor tensor, ReadOnlySpan<byte> blocks)
    {
        const int Bytes = 17, Bias = 127, Most = Bias + 13;
        for (var i = 0; tensor.Type == GgmlType.MXFP4 && i < blocks.Length; i += Bytes)
        {
            if (blocks[i] > Most)
            {
                throw new InvalidModelException("the model", tensor.Name, $"has a block with the scale 2^{blocks[i] - Bias}; CUDA devices take up to 2^{Most - Bias}; serve it with --devices cpu");
            }
        }
    }

    // Of a row that begins within a block, all of its blocks are made floats.
    private static void ReadFloats(GgufTensor tensor, long row, Span<float> target)
    {
        var bytes = tensor.Row(row);
        var stored = bytes.Length / GgmlTypes.BlockBytes(tensor.Type) * GgmlTypes.BlockLength(tensor.Type);
        if (stored == target.Length)
        {
            Dequantizer.Dequantize(tensor.Type, bytes, target);
            return;
        }

        var all = ArrayPool<float>.Shared.Rent(stored);
        Dequantizer.Dequantize(tensor.Type, bytes, all.AsSpan(0, stored));
        all.AsSpan(tensor.FirstColumn, target.Length).CopyTo(target);
        ArrayPool<float>.Shared.Return(all);
    }

    private void Copy(CUdeviceptr target, nint source, long bytes) => _context.Check(
        DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(target, source, bytes, _context.Stream), "copy weights");

    /// <summary>The stage whose turn it is, when the GPU has done with it.</summary>
    private Stage Take(out PinnedBuffer pinned, long bytes = PieceBytes)
    {
        var at = _next;
        _next = (at + 1) % Stages;
        var stage = _stages[at];
        stage?.Wait();
        if (stage is null || stage.Pinned.Bytes < bytes)
        {
            stage?.Dispose();
            _stages[at] = stage = new Stage(_context, _memory, Math.Max(bytes, PieceBytes));
        }

        pinned = stage.Pinned;
        return stage;
    }

    private sealed class Stage(GpuContext context, DeviceMemory memory, long bytes) : IDisposable
    {
        private readonly GpuEvent _done = new(context, timed: false);

        public PinnedBuffer Pinned { get; } = new(context, bytes);

        public DeviceBuffer Device { get; } = memory.Allocate(bytes, "staging");

        public void Mark(GpuContext context) => _done.Record(context.Stream);

        public void Wait() => _done.Wait();

        public void Dispose()
        {
            Pinned.Dispose();
            Device.Dispose();
            _done.Dispose();
        }
    }
}
