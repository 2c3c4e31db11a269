using ManagedCuda.BasicTypes;

namespace ManagedCuda;

/// <summary>A device's primary context; not current on any thread until <see cref="SetCurrent"/>.</summary>
public sealed class PrimaryContext : IDisposable
{
    private readonly CUcontext _context;
    private readonly CUdevice _device;
    private bool _disposed;

    public PrimaryContext(int deviceId)
    {
        DeviceId = deviceId;
        Check(DriverAPINativeMethods.cuInit(CUInitializationFlags.None));
        Check(DriverAPINativeMethods.DeviceManagement.cuDeviceGet(ref _device, deviceId));
        Check(DriverAPINativeMethods.ContextManagement.cuDevicePrimaryCtxRetain(ref _context, _device));
    }

    public int DeviceId { get; }

    public CUcontext Context => _context;

    public CUdevice Device => _device;

    /// <summary>Ends the primary context of a device whoever holds it.</summary>
    public static void Reset(int deviceId)
    {
        var device = default(CUdevice);
        Check(DriverAPINativeMethods.DeviceManagement.cuDeviceGet(ref device, deviceId));
        Check(DriverAPINativeMethods.ContextManagement.cuDevicePrimaryCtxReset_v2(device));
    }

    public void SetCurrent() => Check(DriverAPINativeMethods.ContextManagement.cuCtxSetCurrent(_context));

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _ = DriverAPINativeMethods.ContextManagement.cuDevicePrimaryCtxRelease_v2(_device);
        }
    }

    private static void Check(CUResult result)
    {
        if (result != CUResult.Success)
        {
            throw new CudaException(result);
        }
    }
}
