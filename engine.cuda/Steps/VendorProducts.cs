using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using ManagedCuda.BasicTypes;
using ManagedCuda.CudaBlas;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>cuBLAS, where it is at hand: products of matrices of halves, summed as floats, in the stream of a context.</summary>
internal sealed unsafe class VendorProducts : IDisposable
{
    // What NVIDIA recommends for Hopper; cuBLAS would take it by itself, unseen.
    private const long WorkspaceBytes = 32 << 20;

    private readonly GpuContext _context;
    private readonly CudaBlasHandle _handle;

    private VendorProducts(GpuContext context, DeviceMemory memory)
    {
        _context = context;
        Check(CudaBlasNativeMethods.cublasCreate_v2(ref _handle), "open cuBLAS");
        try
        {
            Check(CudaBlasNativeMethods.cublasSetStream_v2(_handle, context.Stream), "give cuBLAS its stream");
            Check(CudaBlasNativeMethods.cublasSetWorkspace_v2(_handle, memory.Allocate(WorkspaceBytes, "work space").Pointer, WorkspaceBytes), "give cuBLAS its memory");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Opens it.</summary>
    /// <param name="context">The GPU's.</param>
    /// <param name="memory">Of the GPU.</param>
    /// <param name="fault">Why there is none.</param>
    /// <returns>Null where the library is missing or too old.</returns>
    public static VendorProducts? Open(GpuContext context, DeviceMemory memory, out string? fault)
    {
        CudaLibraries.Prepare();
        fault = null;
        try
        {
            return new VendorProducts(context, memory);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException or TypeInitializationException or CudaDeviceException && !context.IsSick)
        {
            fault = $"There is no cuBLAS for long prompts ({missing.Message}); they are computed by slower kernels. Install libcublas, or name its folder in {CudaLibraries.PathVariable}.";
            return null;
        }
    }

    /// <summary>y = alpha x Wᵀ, or y += that.</summary>
    /// <param name="w">(columns, rows): halves.</param>
    /// <param name="rows">Values of y.</param>
    /// <param name="columns">Halves of a row of <paramref name="w"/> and of x.</param>
    /// <param name="x">(columns, count): halves.</param>
    /// <param name="count">Rows of x.</param>
    /// <param name="y">(stride, count): floats, or halves, the first <paramref name="rows"/> of each.</param>
    /// <param name="stride">Values from one row of y to the next.</param>
    /// <param name="alpha">Factor.</param>
    /// <param name="adds">Whether y is added to.</param>
    /// <param name="halves">Whether y is of halves.</param>
    public void Multiply(CUdeviceptr w, int rows, int columns, CUdeviceptr x, int count, CUdeviceptr y, int stride, float alpha, bool adds, bool halves)
    {
        // cuBLAS counts columns first: what it calls (k, m), (k, n) and (m, n).
        float beta = adds ? 1 : 0;
        Check(
            CudaBlasNativeMethods.cublasGemmEx(
                _handle, Operation.Transpose, Operation.NonTranspose, rows, count, columns, (nint)(&alpha), w, cudaDataType.CUDA_R_16F, columns, x, cudaDataType.CUDA_R_16F, columns,
                (nint)(&beta), y, halves ? cudaDataType.CUDA_R_16F : cudaDataType.CUDA_R_32F, stride, ComputeType.Compute32F, GemmAlgo.Default),
            "multiply matrices by cuBLAS");
    }

    public void Dispose()
    {
        // It waits for the GPU; what is left of a lost context goes with it.
        if (!_context.IsSick)
        {
            _ = CudaBlasNativeMethods.cublasDestroy_v2(_handle);
        }
    }

    private void Check(CublasStatus status, string doing)
    {
        if (status == CublasStatus.Success)
        {
            return;
        }

        // The stream's own error, where there is one, says more and stays.
        _context.Synchronize();
        throw new CudaDeviceException($"{_context.Name} ({_context.Gpu.Name}) could not {doing}: {status} ({(int)status}).");
    }
}
