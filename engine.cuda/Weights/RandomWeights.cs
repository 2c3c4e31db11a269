using Crescent.Engine.Cuda.Compilation;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>Fills matrices with numbers that mean nothing, for measurements without a model's file.</summary>
/// <param name="kernels">The GPU's.</param>
internal sealed class RandomWeights(KernelLibrary kernels)
{
    private readonly Kernel _fill = kernels.Get("repack.cu", "fill_random");
    private int _seed;

    /// <summary>Fills a matrix.</summary>
    public void Fill(PackedMatrix matrix)
    {
        var words = PackedFormats.Bytes(matrix.Format, matrix.Rows, matrix.Columns) / 4;
        _fill.With(matrix.Pointer).With((int)matrix.Format).With(words).With(++_seed).Launch(checked((int)((words + 255) / 256)), 1, 256);
    }
}
