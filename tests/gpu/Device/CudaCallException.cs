namespace Crescent.GpuCheck.Device;

/// <summary>A library of CUDA has refused a call.</summary>
internal sealed class CudaCallException(string call, int result, string? name) : Exception($"{call} answered {result}{(name is null ? "" : $" ({name})")}.")
{
    /// <summary>What it answered.</summary>
    public int Result { get; } = result;
}
