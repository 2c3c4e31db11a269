using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Weights;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>Products of packed matrices with rows of halves.</summary>
/// <param name="kernels">The GPU's.</param>
internal sealed class MatrixProducts(KernelLibrary kernels)
{
    /// <summary>Rows of x that a buffer has beyond those in use, at most: kernels read whole groups.</summary>
    public const int RowGroup = 64;

    private const int Warps = 8;
    private const int LeastSteps = 4; // tiles for each warp that shares a row

    // (format, rows of x: 8, 16, 32, 64)
    private readonly Kernel?[,] _kernels = new Kernel?[6, 4];

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
        var width = count <= 8 ? 0 : count <= 16 ? 1 : count <= 32 ? 2 : 3;
        var tiles = width == 3 ? 2 : 1;
        var shares = SharesOf(w.Steps);
        var tileRows = (w.Rows + PackedFormats.TileRows - 1) / PackedFormats.TileRows;
        var blockTiles = Warps / shares * tiles;
        var rows = 8 << width;
        Kernel(w.Format, width).With(w.Pointer).With(x).With(y).With(w.Rows).With(count).With(w.Steps).With(w.Padded).With(stride).With(shares).With(alpha).With(adds ? 1 : 0)
            .Launch((tileRows + blockTiles - 1) / blockTiles, (count + rows - 1) / rows, Warps * 32);
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

    // Of the columns alone, so that a sum is the same whatever else is in a step.
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
