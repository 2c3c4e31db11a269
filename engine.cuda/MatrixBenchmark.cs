using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Steps;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Cuda;

/// <summary>Times the products that decode and prefill are made of: a matrix of random numbers with rows of halves. For one thread.</summary>
public sealed class MatrixBenchmark : IDisposable
{
    private readonly GpuContext _context;
    private readonly DeviceMemory _memory;
    private readonly KernelLibrary _kernels;
    private readonly MatrixProducts _products;
    private readonly PackedMatrix[] _matrices;
    private readonly DeviceBuffer _x;
    private readonly DeviceBuffer _y;
    private readonly GpuEvent _start;
    private readonly GpuEvent _end;
    private readonly int _mostRows;

    /// <summary>Opens a GPU and makes the matrices.</summary>
    /// <param name="gpu">Its number, from 0.</param>
    /// <param name="type">Type of the weights.</param>
    /// <param name="columns">Values of a row of x.</param>
    /// <param name="rows">Values of a row of y.</param>
    /// <param name="mostRows">Rows of x, at most.</param>
    /// <param name="copies">Matrices that take turns: enough of them that none is still in the GPU's cache when it comes round.</param>
    /// <param name="kernelCache">See <see cref="CudaDeviceOptions.KernelCache"/>.</param>
    public MatrixBenchmark(int gpu, GgmlType type, int columns, int rows, int mostRows, int copies = 1, string? kernelCache = null)
    {
        _mostRows = mostRows;
        _context = new GpuContext(CudaGpu.Of(gpu), $"cuda:{gpu}");
        _memory = new DeviceMemory(_context);
        _kernels = new KernelLibrary(_context, kernelCache);
        try
        {
            _products = new MatrixProducts(_kernels, _memory, _context.Gpu.Multiprocessors);
            var format = PackedFormats.Of(type);
            var random = new RandomWeights(_kernels);
            _matrices = new PackedMatrix[copies];
            for (var i = 0; i < copies; i++)
            {
                _matrices[i] = new PackedMatrix(format, rows, columns, _memory.Allocate(PackedFormats.Bytes(format, rows, columns), "weights"));
                random.Fill(_matrices[i]);
            }

            _products.Prepare(_matrices, mostRows);
            var group = MatrixProducts.RowGroup;
            var padded = (mostRows + group - 1) / group * group;
            _x = _memory.Allocate(2L * padded * _matrices[0].Padded, "rows");
            _y = _memory.Allocate(4L * mostRows * rows, "results");
            _start = new GpuEvent(_context, timed: true);
            _end = new GpuEvent(_context, timed: true);
            _context.Synchronize();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Bytes of one matrix, which a product reads once.</summary>
    public long Bytes => _matrices[0].Buffer.Bytes;

    /// <summary>The GPU.</summary>
    public CudaGpu Gpu => _context.Gpu;

    /// <summary>Mean time of a product with <paramref name="count"/> rows, of <paramref name="launches"/> one after the other.</summary>
    public TimeSpan Run(int count, int launches)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _mostRows);
        ArgumentOutOfRangeException.ThrowIfLessThan(launches, 1);
        _context.Enter();
        _start.Record(_context.Stream);
        for (var i = 0; i < launches; i++)
        {
            var matrix = _matrices[i % _matrices.Length];
            _products.Multiply(matrix, _x.Pointer, count, _y.Pointer, matrix.Rows);
        }

        _end.Record(_context.Stream);
        _end.Wait();
        return _end.Since(_start) / launches;
    }

    public void Dispose()
    {
        _start?.Dispose();
        _end?.Dispose();
        _kernels.Dispose();
        _memory.Dispose();
        _context.Dispose();
    }
}
