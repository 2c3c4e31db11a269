namespace Crescent.GpuCheck.Device;

/// <summary>The vendor's matrix product, to compare with.</summary>
internal sealed unsafe class Blas : IDisposable
{
    private readonly CudaLibrary _library = CudaLibrary.Blas();
    private readonly nint _handle;

    public Blas(Gpu gpu)
    {
        nint handle;
        Check("cublasCreate", ((delegate* unmanaged<nint*, int>)_library.Entry("cublasCreate_v2"))(&handle));
        _handle = handle;
        Check("cublasSetStream", ((delegate* unmanaged<nint, nint, int>)_library.Entry("cublasSetStream_v2"))(handle, gpu.Stream));
    }

    /// <summary>y (n, m) = x (n, k) w (m, k) transposed, of halves, summed in float, y of halves.</summary>
    public void Multiply(ulong w, ulong x, ulong y, int m, int n, int k)
    {
        float one = 1, zero = 0;
        const int Half = 2, Float32 = 68;
        Check("cublasGemmEx", ((delegate* unmanaged<nint, int, int, int, int, int, float*, ulong, int, int, ulong, int, int, float*, ulong, int, int, int, int, int>)
            _library.Entry("cublasGemmEx"))(_handle, 1, 0, m, n, k, &one, w, Half, k, x, Half, k, &zero, y, Half, m, Float32, -1));
    }

    public void Dispose() => _ = ((delegate* unmanaged<nint, int>)_library.Entry("cublasDestroy_v2"))(_handle);

    private static void Check(string call, int result)
    {
        if (result != 0)
            throw new CudaCallException(call, result, null);
    }
}
