using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Weights;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>Where the sorted pairs of a step lie: see <c>sort_pairs</c> in <c>mixture.cu</c>.</summary>
/// <param name="Works">(expert, first, count, 0) of each.</param>
/// <param name="Order">Pairs by expert.</param>
/// <param name="Count">Works, empty ones among them.</param>
/// <param name="Rows">Pairs of a work at most: 8, 16 or 32.</param>
internal readonly record struct SortedPairs(CUdeviceptr Works, CUdeviceptr Order, int Count, int Rows)
{
    /// <summary>Works that so many pairs can need, however they spread.</summary>
    public static int WorksOf(int pairs, int experts, int rows) => (int)Math.Min(pairs, (pairs + ((long)Math.Min(pairs, experts) * (rows - 1))) / rows);

    /// <summary>Pairs of a work: as many as leave most experts one work, if pairs spread evenly, and no more.</summary>
    public static int RowsOf(int pairs, int experts) => pairs <= 4L * experts ? 8 : pairs <= 12L * experts ? 16 : 32;
}

/// <summary>Products of the experts' matrices, or heads', with the rows of pairs of a token and one of these. A row's bits do not depend on what is beside it, nor on how many rows there are.</summary>
/// <param name="kernels">The GPU's.</param>
internal sealed class ExpertProducts(KernelLibrary kernels)
{
    private const int Warps = 8;

    // (format; rows of a work 8, 16, 32, then the same of gate and up)
    private readonly Kernel?[,] _kernels = new Kernel?[PackedFormats.Count, 6];

    /// <summary>Compiles what matrices of a format need.</summary>
    public void Prepare(PackedFormat format, bool gated)
    {
        for (var width = 0; width < 3; width++)
        {
            _ = Kernel(format, width, gated);
        }
    }

    /// <summary>y = factor times the function of gate x and up x of each pair, with their biases, as halves.</summary>
    /// <param name="experts">Whose matrices.</param>
    /// <param name="pairs">Of the step.</param>
    /// <param name="x">(padded columns, tokens): halves.</param>
    /// <param name="y">(stride, pairs): halves.</param>
    /// <param name="stride">Halves from one row of y to the next.</param>
    /// <param name="factor">Factor.</param>
    public void MultiplyGated(ExpertWeights experts, in SortedPairs pairs, CUdeviceptr x, CUdeviceptr y, int stride, float factor)
    {
        var kernel = Kernel(experts.GateUp.Format, WidthOf(pairs), gated: true);
        var blocks = Give(kernel, experts.GateUp, experts.Count, experts.HiddenWidth, pairs, x, experts.Used, y, stride, factor);
        kernel.With((int)experts.Activation).With(experts.GateBias?.Pointer ?? default).With(experts.UpBias?.Pointer ?? default).Launch(blocks, pairs.Count, Warps * 32);
    }

    /// <summary>y = alpha W x of each pair, with the bias.</summary>
    /// <param name="stack">Matrices one after the other, of whole tile rows each.</param>
    /// <param name="count">How many.</param>
    /// <param name="rows">Of each, without those that fill its last tile row up.</param>
    /// <param name="pairs">Of the step.</param>
    /// <param name="x">(padded columns, pairs): halves.</param>
    /// <param name="y">(rows, pairs): floats.</param>
    /// <param name="alpha">Factor.</param>
    /// <param name="bias">(rows, count), or null.</param>
    public void Multiply(PackedMatrix stack, int count, int rows, in SortedPairs pairs, CUdeviceptr x, CUdeviceptr y, float alpha, CUdeviceptr bias)
    {
        var kernel = Kernel(stack.Format, WidthOf(pairs), gated: false);
        var blocks = Give(kernel, stack, count, rows, pairs, x, 1, y, rows, alpha);
        kernel.With(bias).Launch(blocks, pairs.Count, Warps * 32);
    }

    // What both kinds of kernels are told, and blocks of their first dimension.
    private static int Give(Kernel kernel, PackedMatrix w, int experts, int rows, in SortedPairs pairs, CUdeviceptr x, int share, CUdeviceptr y, int stride, float factor)
    {
        var shares = MatrixProducts.SharesOf(w.Steps);
        var blockTiles = Warps / shares;
        kernel.With(w.Pointer).With(x).With(y).With(pairs.Works).With(pairs.Order).With(share).With(PackedFormats.Bytes(w.Format, w.Rows / experts, w.Columns)).With(rows).With(w.Steps)
            .With(w.Padded).With(stride).With(shares).With(factor);
        return (((rows + PackedFormats.TileRows - 1) / PackedFormats.TileRows) + blockTiles - 1) / blockTiles;
    }

    private static int WidthOf(in SortedPairs pairs) => pairs.Rows == 8 ? 0 : pairs.Rows == 16 ? 1 : 2;

    private Kernel Kernel(PackedFormat format, int width, bool gated)
    {
        var name = MatrixProducts.NameOf(format);
        return _kernels[(int)format, (gated ? 3 : 0) + width] ??= kernels.Get($"experts_{name}.cu", $"experts_{name}_{(gated ? "gated_" : "")}{8 << width}");
    }
}
