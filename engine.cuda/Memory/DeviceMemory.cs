using System.Globalization;
using Crescent.Engine.Cuda.Driver;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Memory;

/// <summary>A GPU's memory, with an account of what each part is for. All that is left is given back with it.</summary>
/// <param name="context">The GPU's.</param>
internal sealed class DeviceMemory(GpuContext context) : IDisposable
{
    private readonly HashSet<DeviceBuffer> _buffers = [];

    /// <summary>Bytes taken, by purpose.</summary>
    public IReadOnlyDictionary<string, long> Account =>
        _buffers.GroupBy(static buffer => buffer.Purpose).ToDictionary(static group => group.Key, static group => group.Sum(static buffer => buffer.Bytes));

    /// <summary>Bytes that the driver says are free.</summary>
    public long Free()
    {
        SizeT free = 0, total = 0;
        context.Check(DriverAPINativeMethods.MemoryManagement.cuMemGetInfo_v2(ref free, ref total), "ask its free memory");
        return free;
    }

    /// <summary>Zeroed memory.</summary>
    /// <exception cref="CudaDeviceException">There is not so much; the message names the sizes.</exception>
    public DeviceBuffer Allocate(long bytes, string purpose)
    {
        var pointer = default(CUdeviceptr);
        var rounded = Math.Max(bytes, 256);
        var result = DriverAPINativeMethods.MemoryManagement.cuMemAlloc_v2(ref pointer, rounded);
        if (result == CUResult.ErrorOutOfMemory)
        {
            throw new CudaDeviceException(OutOfMemory(rounded, purpose));
        }

        context.Check(result, $"allocate {Size(rounded)} for {purpose}");
        var buffer = new DeviceBuffer(this, pointer, rounded, purpose);
        _buffers.Add(buffer);
        Clear(buffer, rounded);
        return buffer;
    }

    /// <summary>Queues zeros over the first bytes of one.</summary>
    public void Clear(DeviceBuffer buffer, long bytes) =>
        context.Check(DriverAPINativeMethods.MemsetAsync.cuMemsetD8Async(buffer.Pointer, 0, bytes, context.Stream), "clear memory");

    /// <summary>Gives one back.</summary>
    public void Free(DeviceBuffer buffer)
    {
        if (_buffers.Remove(buffer))
        {
            _ = DriverAPINativeMethods.MemoryManagement.cuMemFree_v2(buffer.Pointer);
        }
    }

    public void Dispose()
    {
        // What is left of a context that is lost goes with it.
        if (context.IsSick)
        {
            _buffers.Clear();
        }

        foreach (var buffer in _buffers.ToArray())
        {
            Free(buffer);
        }
    }

    private string OutOfMemory(long bytes, string purpose)
    {
        var taken = Account.Count == 0 ? "nothing yet" : string.Join(", ", Account.OrderByDescending(static part => part.Value).Select(static part => $"{Size(part.Value)} for {part.Key}"));
        return $"{context.Name} ({context.Gpu.Name}) has no room for {Size(bytes)} of {purpose}: {Size(Free())} of {Size(context.Gpu.MemoryBytes)} are free, this device has taken "
            + $"{taken}. Use a file with narrower weights, fewer KV blocks or tokens of a step, or end what else uses the GPU.";
    }

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB");
}
