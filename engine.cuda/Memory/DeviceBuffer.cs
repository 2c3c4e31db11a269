using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Memory;

/// <summary>Some of a GPU's memory.</summary>
/// <param name="memory">Where it was taken from.</param>
/// <param name="pointer">Its first byte.</param>
/// <param name="bytes">Its length.</param>
/// <param name="purpose">What it is for.</param>
internal sealed class DeviceBuffer(DeviceMemory memory, CUdeviceptr pointer, long bytes, string purpose) : IDisposable
{
    /// <summary>First byte.</summary>
    public CUdeviceptr Pointer { get; } = pointer;

    /// <summary>Bytes.</summary>
    public long Bytes { get; } = bytes;

    /// <summary>What it is for.</summary>
    public string Purpose { get; } = purpose;

    /// <summary>The address <paramref name="bytes"/> behind the first.</summary>
    public CUdeviceptr At(long bytes) => Pointer + bytes;

    /// <summary>Queues zeros over the first bytes.</summary>
    public void Clear(long bytes) => memory.Clear(this, bytes);

    public void Dispose() => memory.Free(this);
}
