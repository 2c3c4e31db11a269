using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>Products of packed matrices with rows of halves.</summary>
/// <param name="kernels">The GPU's.</param>
/// <param name="memory">Of the GPU.</param>
/// <param name="multiprocessors">Of the GPU.</param>
internal sealed class MatrixProducts(KernelLibrary kernels, DeviceMemory memory, int multiprocessors)
{
    /// <summary>Rows of x that a buffer has beyond those in use, at most: kernels read whole groups.</summary>
    public const int RowGroup = 64;

    private const int Warps = 8;
    private const int LeastSteps = 4; // tiles for each warp that shares a row
    private const int WideRows = Warps * 2 * PackedFormats.TileRows; // rows of a block of the widest kernel
    private const int WideCount = 64; // rows of x of it
    private const int MostParts = 8;

    // (format, rows of x: 8, 16, 32, 64)
    private readonly Kernel?[,] _kernels = new Kernel?[6, 4];
    private readonly Kernel _sum = kernels.Get("layers.cu", "sum_parts");

    // (part, count, rows): no product has more blocks with parts than the GPU has multiprocessors.
    private readonly DeviceBuffer _parts = memory.Allocate((4L * multiprocessors * WideRows * WideCount) + (4 * PackedFormats.TileRows), "work space");

    /// <summary>Compiles what a format needs.</summary>
    public void Prepare(PackedFormat format)
    {
        for (var width = 0; width < 4; width++)
        {
            _ = Kernel(format, width);
        }
    }

    /// <summary>y = alpha W x, or y += that, for <paramref name="count"/> rows.</summary>
    /// <param name="w">(columns, rows).</param>
    /// <param name="x">(padded columns, count rounded up to <see cref="RowGroup"/>): halves.</param>
    /// <param name="count">Rows of x.</param>
    /// <param name="y">(stride, count): floats, the first rows of each.</param>
    /// <param name="stride">Floats from one row of y to the next.</param>
    /// <param name="alpha">Factor.</param>
    /// <param name="adds">Whether y is added to.</param>
    public void Multiply(PackedMatrix w, CUdeviceptr x, int count, CUdeviceptr y, int stride, float alpha = 1, bool adds = false)
    {
        if (count > 32)
        {
            MultiplyWide(w, x, count, y, stride, alpha, adds);
            return;
        }

        var width = count <= 8 ? 0 : count <= 16 ? 1 : 2;
        var shares = SharesOf(w.Steps);
        var tileRows = (w.Rows + PackedFormats.TileRows - 1) / PackedFormats.TileRows;
        var blockTiles = Warps / shares;
        Kernel(w.Format, width).With(w.Pointer).With(x).With(y).With(w.Rows).With(count).With(w.Steps).With(w.Padded).With(stride).With(shares).With(alpha).With(adds ? 1 : 0)
            .Launch((tileRows + blockTiles - 1) / blockTiles, 1, Warps * 32);
    }

    /// <summary>y's parts for the matrices of a group.</summary>
    public void Multiply(MatrixGroup group, CUdeviceptr x, int count, CUdeviceptr y)
    {
        for (var i = 0; i < group.Parts.Count; i++)
        {
            var (offset, matrix) = group.Parts[i];
            Multiply(matrix, x, count, y + (4L * offset), group.Rows);
        }
    }

    // Blocks of many rows, so that x is read seldom; where these are too few for the GPU, each takes a part of the columns and the sums are added up behind.
    private void MultiplyWide(PackedMatrix w, CUdeviceptr x, int count, CUdeviceptr y, int stride, float alpha, bool adds)
    {
        var rowBlocks = (w.Rows + WideRows - 1) / WideRows;
        var countBlocks = (count + WideCount - 1) / WideCount;
        var parts = Math.Clamp(multiprocessors / (rowBlocks * countBlocks), 1, Math.Min(MostParts, Math.Max(1, w.Steps / LeastSteps)));
        var kernel = Kernel(w.Format, 3).With(w.Pointer).With(x);
        if (parts == 1)
        {
            kernel.With(y).With(w.Rows).With(count).With(w.Steps).With(w.Padded).With(stride).With(1).With(alpha).With(adds ? 1 : 0).Launch(rowBlocks, countBlocks, Warps * 32);
            return;
        }

        kernel.With(_parts.Pointer).With(w.Rows).With(count).With(w.Steps).With(w.Padded).With(w.Rows).With(1).With(1f).With(0).Launch(rowBlocks, countBlocks, Warps * 32, parts);
        _sum.With(_parts.Pointer).With(parts).With(w.Rows).With(y).With(stride).With(w.Rows).With(alpha).With(adds ? 1 : 0).Launch((w.Rows + 255) / 256, count, 256);
    }

    // Of the columns alone, so that a sum is the same whatever else is in a step, up to 32 rows.
    private static int SharesOf(int steps)
    {
        var shares = Warps;
        while (shares > 1 && steps / shares < LeastSteps)
        {
            shares /= 2;
        }

        return shares;
    }

    private Kernel Kernel(PackedFormat format, int width)
    {
        if (_kernels[(int)format, width] is { } known)
        {
            return known;
        }

        var name = format switch
        {
            PackedFormat.F16 => "f16",
            PackedFormat.Q8 => "q8",
            PackedFormat.Q4 => "q4",
            PackedFormat.Q4M => "q4m",
            PackedFormat.Q5M => "q5m",
            _ => "q6",
        };
        return _kernels[(int)format, width] = kernels.Get($"matmul_{name}.cu", $"matmul_{name}_{8 << width}");
    }
}
