using System.Runtime.InteropServices;
using ManagedCuda.BasicTypes;

namespace ManagedCuda.CudaBlas;

/// <summary>What cuBLAS answers.</summary>
public enum CublasStatus
{
    Success = 0,
    NotInitialized = 1,
    AllocFailed = 3,
    InvalidValue = 7,
    ArchMismatch = 8,
    MappingError = 11,
    ExecutionFailed = 13,
    InternalError = 14,
    NotSupported = 15,
}

/// <summary>Whether a factor is turned over.</summary>
public enum Operation
{
    NonTranspose = 0,
    Transpose = 1,
    ConjugateTranspose = 2,
}

/// <summary>How a product is computed.</summary>
public enum GemmAlgo
{
    Default = -1,
    DefaultTensorOp = 99,
}

/// <summary>What sums are in.</summary>
public enum ComputeType
{
    Compute16F = 64,
    Compute32F = 68,
    Compute32FFast16BF = 75,
    Compute32FFastTF32 = 77,
}

/// <summary>An open cuBLAS.</summary>
public struct CudaBlasHandle
{
    public nint Pointer;
}

/// <summary>cuBLAS's entry points that the device uses, in ManagedCuda's shapes.</summary>
public static class CudaBlasNativeMethods
{
    internal const string Library = "cublas";

    [DllImport(Library)]
    public static extern CublasStatus cublasCreate_v2(ref CudaBlasHandle handle);

    [DllImport(Library)]
    public static extern CublasStatus cublasDestroy_v2(CudaBlasHandle handle);

    [DllImport(Library)]
    public static extern CublasStatus cublasSetStream_v2(CudaBlasHandle handle, CUstream stream);

    [DllImport(Library)]
    public static extern CublasStatus cublasSetWorkspace_v2(CudaBlasHandle handle, CUdeviceptr workspace, SizeT bytes);

    [DllImport(Library)]
    public static extern CublasStatus cublasGemmEx(
        CudaBlasHandle handle, Operation transa, Operation transb, int m, int n, int k, nint alpha, CUdeviceptr a, cudaDataType typeA, int lda, CUdeviceptr b,
        cudaDataType typeB, int ldb, nint beta, CUdeviceptr c, cudaDataType typeC, int ldc, ComputeType compute, GemmAlgo algorithm);
}
