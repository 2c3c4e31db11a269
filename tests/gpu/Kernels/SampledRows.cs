using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Steps;
using Crescent.Engine.Model.Architectures;
using ManagedCuda;

namespace Crescent.GpuCheck.Kernels;

/// <summary>Rows of logits in a GPU's memory with the device's own sampler over them, without a model.</summary>
internal sealed class SampledRows : IDisposable
{
    private readonly DeviceMemory _memory;
    private readonly KernelLibrary _kernels;
    private readonly GpuSampling _gpu;
    private readonly DeviceBuffer _logits;
    private readonly PinnedBuffer _row;
    private readonly int _vocabulary;

    /// <param name="device">Number of the GPU.</param>
    /// <param name="vocabulary">Logits of a row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="folder">Where compiled kernels are kept.</param>
    public SampledRows(int device, int vocabulary, int rows, string folder)
    {
        _vocabulary = vocabulary;
        Context = new GpuContext(CudaGpu.Of(device), $"cuda:{device}");
        _memory = new DeviceMemory(Context);
        _kernels = new KernelLibrary(Context, folder);
        _logits = _memory.Allocate(4L * rows * vocabulary, "logits");
        _row = new PinnedBuffer(Context, 4L * vocabulary);
        var config = new ModelConfig
        {
            Architecture = "",
            Name = "",
            LayerCount = 1,
            Width = 1,
            HeadCount = 1,
            KvHeadCount = 1,
            HeadSize = 1,
            FeedForwardWidth = 1,
            VocabularySize = vocabulary,
            ContextLength = 1,
            NormEpsilon = 1,
        };
        Results = new StepResults(Context, config, 1, rows, hostLogits: false);
        _gpu = new GpuSampling(Context, _kernels, _memory, vocabulary, rows);
        Sampler = new CudaSampler(Context, _logits, Results, _gpu, vocabulary, rows);
        Context.Synchronize();
    }

    /// <summary>The GPU's.</summary>
    public GpuContext Context { get; }

    /// <summary>Where logits are copied to.</summary>
    public StepResults Results { get; }

    /// <summary>Draws from the rows. What a step would have found is not there: rows that ask for nothing but the likeliest get nothing sensible.</summary>
    public CudaSampler Sampler { get; }

    /// <summary>Sets a row.</summary>
    public void Write(int row, ReadOnlySpan<float> logits)
    {
        logits.CopyTo(_row.As<float>(0, _vocabulary));
        Context.Check(DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(_logits.At(4L * row * _vocabulary), _row.Pointer, 4L * _vocabulary, Context.Stream), "write logits");
        Context.Synchronize();
    }

    /// <summary>A row as it is.</summary>
    public float[] Read(int row)
    {
        Context.Check(DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(_row.Pointer, _logits.At(4L * row * _vocabulary), 4L * _vocabulary, Context.Stream), "read logits");
        Context.Synchronize();
        return _row.As<float>(0, _vocabulary).ToArray();
    }

    /// <summary>Queues the copy of a row's logits to the host.</summary>
    public void Copy(int row) => Results.CopyLogits(_logits, row);

    public void Dispose()
    {
        Context.Synchronize();
        Sampler.Dispose();
        _gpu.Dispose();
        Results.Dispose();
        _row.Dispose();
        _kernels.Dispose();
        _memory.Dispose();
        Context.Dispose();
    }
}
