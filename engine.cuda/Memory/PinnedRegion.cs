using Crescent.Engine.Cuda.Driver;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Memory;

/// <summary>Memory of the host's that is pinned while this lives, so that GPUs copy from and to it by themselves.</summary>
internal sealed class PinnedRegion : IDisposable
{
    private readonly GpuContext _context;
    private nint _address;

    private PinnedRegion(GpuContext context, nint address)
    {
        _context = context;
        _address = address;
    }

    /// <summary>Pins memory for all GPUs.</summary>
    /// <param name="context">Of one of them; it is this thread's.</param>
    /// <param name="address">First byte.</param>
    /// <param name="bytes">Bytes.</param>
    /// <param name="fault">Why it cannot be pinned, or null.</param>
    public static PinnedRegion? Of(GpuContext context, nint address, long bytes, out string? fault)
    {
        var result = DriverAPINativeMethods.MemoryManagement.cuMemHostRegister(address, bytes, CUMemHostRegisterFlags.Portable);
        fault = result == CUResult.Success ? null : $"{context.Name} ({context.Gpu.Name}) could not pin {bytes >> 20} MiB of the host's memory: {GpuContext.Describe(result)}.";
        return fault is null ? new PinnedRegion(context, address) : null;
    }

    public void Dispose()
    {
        // That of a lost context goes with it: see PinnedBuffer.
        if (_address != 0 && !_context.IsSick)
        {
            _context.EnterToEnd();
            _ = DriverAPINativeMethods.MemoryManagement.cuMemHostUnregister(_address);
        }

        _address = 0;
    }
}
