namespace Crescent.GpuCheck.Device;

/// <summary>An allocation on a GPU.</summary>
internal sealed unsafe class GpuMemory : IDisposable
{
    private readonly Gpu _gpu;

    /// <summary>Allocates <paramref name="bytes"/> bytes.</summary>
    public GpuMemory(Gpu gpu, long bytes)
    {
        _gpu = gpu;
        Bytes = bytes;
        ulong address;
        gpu.Check($"cuMemAlloc of {bytes} bytes", ((delegate* unmanaged<ulong*, nuint, int>)gpu.Driver.Entry("cuMemAlloc_v2"))(&address, (nuint)bytes));
        Address = address;
    }

    public ulong Address { get; }

    public long Bytes { get; }

    public void Dispose() => _ = ((delegate* unmanaged<ulong, int>)_gpu.Driver.Entry("cuMemFree_v2"))(Address);
}
