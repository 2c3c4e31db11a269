using ManagedCuda.BasicTypes;

namespace ManagedCuda;

/// <summary>The driver has refused a call.</summary>
public sealed class CudaException : Exception
{
    public CudaException(CUResult error)
        : base($"The driver answered {error} ({(int)error}).") => CudaError = error;

    /// <summary>What it answered.</summary>
    public CUResult CudaError { get; }
}
