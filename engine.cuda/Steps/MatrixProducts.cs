using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Model.Layers;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>Products of packed matrices with rows of halves.</summary>
/// <param name="kernels">The GPU's.</param>
/// <param name="memory">Of the GPU.</param>
/// <param name="multiprocessors">Of the GPU.</param>
/// <param name="vendor">cuBLAS for many rows, or null.</param>
internal sealed class MatrixProducts(KernelLibrary kernels, DeviceMemory memory, int multiprocessors, VendorProducts? vendor = null)
{
    /// <summary>Rows of x that a buffer has beyond those in use, at most: kernels read whole groups.</summary>
    public const int RowGroup = 64;

    /// <summary>Environment variable: see <see cref="UsesGroups"/>.</summary>
    public const string GroupsVariable = "CRESCENT_CUDA_GROUPS";

    /// <summary>Default of <see cref="VendorRows"/>.</summary>
    public const int DefaultVendorRows = 384;

    private const int Warps = 8;
    private const int LeastSteps = 4; // tiles for each warp that shares a row
    private const int WideRows = Warps * 2 * PackedFormats.TileRows; // rows of a block of the widest kernel
    private const int WideCount = 64; // rows of x of it
    private const int MostParts = 8;
    private const int GroupWarps = 16; // of a block of the kernels of warp groups, each with a tile row
    private const long UnpackedBytes = 64 << 20; // of a matrix at once: more than cuBLAS needs to fill a GPU, little enough to be still in the cache in part
    private const int UnpackTiles = 4 * Warps; // of a block

    // (format, rows of x: 8, 16, 32, 64; gated: 8, 16, 32; unpack)
    private readonly Kernel?[,] _kernels = new Kernel?[PackedFormats.Count, 8];
    private readonly Kernel _sum = kernels.Get("layers.cu", "sum_parts");

    // (part, count, rows): no product has more blocks with parts than the GPU has multiprocessors.
    private readonly DeviceBuffer _parts = memory.Allocate((4L * multiprocessors * WideRows * WideCount) + (4 * PackedFormats.TileRows), "work space");

    // A piece of a matrix as plain halves (padded columns, rows), for cuBLAS.
    private DeviceBuffer? _unpacked;

    // (format; 32, 64 rows of x): products of warp groups, which only some GPUs have.
    private readonly Kernel?[,] _groups = new Kernel?[PackedFormats.Count, 2];

    /// <summary>Whether products of more than 16 rows are taken by warp groups where the GPU has them; by default unless the environment variable is 0.</summary>
    public bool UsesGroups { get; set; } = Environment.GetEnvironmentVariable(GroupsVariable) != "0";

    /// <summary>Rows of x from which on matrices are unpacked for cuBLAS, where it is there.</summary>
    public int VendorRows { get; set; } = DefaultVendorRows;

    /// <summary>Whether the gate's and the up's product can be taken at once, with the function between them.</summary>
    public bool CanGate(MatrixGroup group, int count) =>
        count <= 32 && group.Parts.Count == 1 && group.Rows % (2 * PackedFormats.TileRows) == 0 && Groups(group.Parts[0].Matrix.Format, count) is null;

    /// <summary>Compiles what matrices need, and takes the memory to unpack them where that is to come.</summary>
    /// <param name="matrices">All that are to be multiplied.</param>
    /// <param name="mostRows">Rows of x, at most.</param>
    public void Prepare(IReadOnlyCollection<PackedMatrix> matrices, int mostRows)
    {
        foreach (var format in matrices.Select(static matrix => matrix.Format).Distinct())
        {
            Prepare(format);
        }

        if (vendor is not null && mostRows >= VendorRows)
        {
            const int Tile = PackedFormats.TileRows;
            var bytes = Math.Min(UnpackedBytes, matrices.Max(static matrix => 2L * ((matrix.Rows + Tile - 1) / Tile * Tile) * matrix.Padded));
            if (_unpacked is null || _unpacked.Bytes < bytes)
            {
                _unpacked?.Dispose();
                _unpacked = memory.Allocate(bytes, "unpacked weights");
            }
        }
    }

    private void Prepare(PackedFormat format)
    {
        for (var variant = 0; variant < _kernels.GetLength(1); variant++)
        {
            _ = Kernel(format, variant);
        }

        if (kernels.Gpu.Major == 9)
        {
            for (var width = 0; width < 2; width++)
            {
                _groups[(int)format, width] ??= kernels.Find($"wide_{NameOf(format)}.cu", $"wide_{NameOf(format)}_{32 << width}");
            }
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
        if (_unpacked is not null && count >= VendorRows)
        {
            MultiplyUnpacked(w, x, count, y, stride, alpha, adds, halves: false);
            return;
        }

        if (Groups(w.Format, count) is { } groups)
        {
            MultiplyByGroups(groups, w, x, count, y, stride, alpha, adds);
            return;
        }

        if (count > 32)
        {
            MultiplyWide(w, x, count, y, stride, alpha, adds);
            return;
        }

        var width = WidthOf(count);
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

    /// <summary>Whether the products of a group can be halves: those of cuBLAS.</summary>
    public bool CanBeHalves(MatrixGroup group, int count) => _unpacked is not null && count >= VendorRows && group.Rows % 16 == 0;

    /// <summary>The same as <see cref="Multiply(MatrixGroup, CUdeviceptr, int, CUdeviceptr)"/>, y in halves; see <see cref="CanBeHalves"/>.</summary>
    public void MultiplyToHalves(MatrixGroup group, CUdeviceptr x, int count, CUdeviceptr y)
    {
        foreach (var (offset, matrix) in group.Parts)
        {
            MultiplyUnpacked(matrix, x, count, y + (2L * offset), group.Rows, 1, adds: false, halves: true);
        }
    }

    /// <summary>y = factor times a function of the first half of W x and the second, as halves; see <see cref="CanGate"/>.</summary>
    /// <param name="group">Gate, up.</param>
    /// <param name="x">(padded columns, count rounded up to <see cref="RowGroup"/>): halves.</param>
    /// <param name="count">Rows of x, at most 32.</param>
    /// <param name="y">(stride, count): halves.</param>
    /// <param name="stride">Halves from one row of y to the next.</param>
    /// <param name="factor">Factor.</param>
    /// <param name="activation">The function.</param>
    public void MultiplyGated(MatrixGroup group, CUdeviceptr x, int count, CUdeviceptr y, int stride, float factor, FeedForwardActivation activation)
    {
        var w = group.Parts[0].Matrix;
        var shares = SharesOf(w.Steps);
        var tileRows = w.Rows / 2 / PackedFormats.TileRows;
        var blockTiles = Warps / shares;
        Kernel(w.Format, 4 + WidthOf(count)).With(w.Pointer).With(x).With(y).With(w.Rows / 2).With(count).With(w.Steps).With(w.Padded).With(stride).With(shares).With(factor).With((int)activation)
            .Launch((tileRows + blockTiles - 1) / blockTiles, 1, Warps * 32);
    }

    // Pieces of whole tile rows, as many as there must be and of one size.
    private void MultiplyUnpacked(PackedMatrix w, CUdeviceptr x, int count, CUdeviceptr y, int stride, float alpha, bool adds, bool halves)
    {
        const int Tile = PackedFormats.TileRows;
        const int Even = 256; // rows of cuBLAS's own tiles
        var most = (int)(_unpacked!.Bytes / (2L * w.Padded * Tile)) * Tile;
        var pieces = (w.Rows + most - 1) / most;
        var rows = (w.Rows + pieces - 1) / pieces;
        rows = Math.Min(most, (rows + Even - 1) / Even * Even);
        var kernel = Kernel(w.Format, 7);
        for (var first = 0; first < w.Rows; first += rows)
        {
            var some = Math.Min(rows, w.Rows - first);
            var tileRows = (some + Tile - 1) / Tile;
            kernel.With(w.Pointer).With(_unpacked.Pointer).With(first / Tile).With(tileRows).With(w.Steps)
                .Launch(checked((int)((((long)tileRows * w.Steps) + UnpackTiles - 1) / UnpackTiles)), 1, Warps * 32);
            vendor!.Multiply(_unpacked.Pointer, some, w.Padded, x, count, y + ((halves ? 2L : 4L) * first), stride, alpha, adds, halves);
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
        Sum(w, parts, count, y, stride, alpha, adds);
    }

    // As MultiplyWide: as many parts as make the GPU's multiprocessors one block each.
    private void MultiplyByGroups(Kernel kernel, PackedMatrix w, CUdeviceptr x, int count, CUdeviceptr y, int stride, float alpha, bool adds)
    {
        const int Rows = GroupWarps * PackedFormats.TileRows;
        var rowBlocks = (w.Rows + Rows - 1) / Rows;
        var countBlocks = count <= 32 ? 1 : (count + WideCount - 1) / WideCount;
        var parts = Math.Clamp(multiprocessors / (rowBlocks * countBlocks), 1, Math.Min(MostParts, Math.Max(1, w.Steps / LeastSteps)));
        kernel.With(w.Pointer).With(x);
        if (parts == 1)
        {
            kernel.With(y).With(w.Rows).With(count).With(w.Steps).With(w.Padded).With(stride).With(alpha).With(adds ? 1 : 0).Launch(rowBlocks, countBlocks, GroupWarps * 32);
            return;
        }

        kernel.With(_parts.Pointer).With(w.Rows).With(count).With(w.Steps).With(w.Padded).With(w.Rows).With(1f).With(0).Launch(rowBlocks, countBlocks, GroupWarps * 32, parts);
        Sum(w, parts, count, y, stride, alpha, adds);
    }

    private void Sum(PackedMatrix w, int parts, int count, CUdeviceptr y, int stride, float alpha, bool adds) =>
        _sum.With(_parts.Pointer).With(parts).With(w.Rows).With(y).With(stride).With(w.Rows).With(alpha).With(adds ? 1 : 0).Launch((w.Rows + 255) / 256, count, 256);

    // Up to 16 rows, what a warp reads alone is read as fast.
    private Kernel? Groups(PackedFormat format, int count) => count > 16 && UsesGroups ? _groups[(int)format, count <= 32 ? 0 : 1] : null;

    private static int WidthOf(int count) => count <= 8 ? 0 : count <= 16 ? 1 : 2;

    /// <summary>Warps that share a row's columns: of the columns alone, so that a sum is the same whatever else is in a step, up to 32 rows.</summary>
    internal static int SharesOf(int steps)
    {
        var shares = Warps;
        while (shares > 1 && steps / shares < LeastSteps)
        {
            shares /= 2;
        }

        return shares;
    }

    private Kernel Kernel(PackedFormat format, int variant)
    {
        if (_kernels[(int)format, variant] is { } known)
        {
            return known;
        }

        var name = NameOf(format);
        var kernel = variant == 7 ? $"unpack_{name}" : variant >= 4 ? $"matmul_{name}_gated_{8 << (variant - 4)}" : $"matmul_{name}_{8 << variant}";
        return _kernels[(int)format, variant] = kernels.Get($"matmul_{name}.cu", kernel);
    }

    /// <summary>A format's name in those of kernels.</summary>
    internal static string NameOf(PackedFormat format) => format switch
    {
        PackedFormat.F16 => "f16",
        PackedFormat.Q8 => "q8",
        PackedFormat.Q4 => "q4",
        PackedFormat.Q4M => "q4m",
        PackedFormat.Q5M => "q5m",
        PackedFormat.Fp4 => "fp4",
        _ => "q6",
    };
}
