using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace Crescent.Engine.Power.Nvml;

/// <summary>The library of the installed driver. Where there is none, or no driver, it cannot be opened; that is no error.</summary>
internal sealed unsafe class NvmlLibrary : INvml, IDisposable
{
    private readonly nint _library;
    private readonly delegate* unmanaged[Cdecl]<NvmlStatus> _shutdown;
    private readonly delegate* unmanaged[Cdecl]<byte*, nint*, NvmlStatus> _byPciBusId;
    private readonly delegate* unmanaged[Cdecl]<uint, nint*, NvmlStatus> _byIndex;
    private readonly delegate* unmanaged[Cdecl]<nint, uint*, NvmlStatus> _powerUsage;
    private readonly delegate* unmanaged[Cdecl]<nint, int, NvmlFieldValue*, NvmlStatus> _fieldValues;
    private readonly delegate* unmanaged[Cdecl]<nint, ulong*, NvmlStatus> _totalEnergy;
    private readonly delegate* unmanaged[Cdecl]<nint, uint*, NvmlStatus> _powerLimit;
    private readonly delegate* unmanaged[Cdecl]<nint, uint*, uint*, NvmlStatus> _constraints;
    private readonly delegate* unmanaged[Cdecl]<nint, uint, NvmlStatus> _setPowerLimit;
    private bool _disposed;

    private NvmlLibrary(nint library)
    {
        _library = library;
        _shutdown = (delegate* unmanaged[Cdecl]<NvmlStatus>)Find("nvmlShutdown");
        _byPciBusId = (delegate* unmanaged[Cdecl]<byte*, nint*, NvmlStatus>)Find("nvmlDeviceGetHandleByPciBusId_v2");
        _byIndex = (delegate* unmanaged[Cdecl]<uint, nint*, NvmlStatus>)Find("nvmlDeviceGetHandleByIndex_v2");
        _powerUsage = (delegate* unmanaged[Cdecl]<nint, uint*, NvmlStatus>)Find("nvmlDeviceGetPowerUsage");
        _fieldValues = (delegate* unmanaged[Cdecl]<nint, int, NvmlFieldValue*, NvmlStatus>)Find("nvmlDeviceGetFieldValues");
        _totalEnergy = (delegate* unmanaged[Cdecl]<nint, ulong*, NvmlStatus>)Find("nvmlDeviceGetTotalEnergyConsumption");
        _powerLimit = (delegate* unmanaged[Cdecl]<nint, uint*, NvmlStatus>)Find("nvmlDeviceGetPowerManagementLimit");
        _constraints = (delegate* unmanaged[Cdecl]<nint, uint*, uint*, NvmlStatus>)Find("nvmlDeviceGetPowerManagementLimitConstraints");
        _setPowerLimit = (delegate* unmanaged[Cdecl]<nint, uint, NvmlStatus>)Find("nvmlDeviceSetPowerManagementLimit");
    }

    /// <summary>What the driver calls it.</summary>
    private static string[] Names => OperatingSystem.IsWindows() ? ["nvml.dll"] : ["libnvidia-ml.so.1", "libnvidia-ml.so"];

    /// <summary>Loads the library and begins its use.</summary>
    /// <param name="library">The library.</param>
    /// <param name="fault">Without it: why.</param>
    /// <param name="path">A file instead of the driver's own.</param>
    public static bool TryOpen([NotNullWhen(true)] out NvmlLibrary? library, [NotNullWhen(false)] out string? fault, string? path = null)
    {
        library = null;
        nint handle = 0;
        if (!(path is null ? Names : [path]).Any(name => NativeLibrary.TryLoad(name, out handle)))
        {
            fault = $"{path ?? Names[0]} is not there: no NVIDIA driver is installed, or the container has no access to it.";
            return false;
        }

        var initialise = NativeLibrary.TryGetExport(handle, "nvmlInit_v2", out var address) ? (delegate* unmanaged[Cdecl]<NvmlStatus>)address : null;
        var status = initialise is null ? NvmlStatus.FunctionNotFound : initialise();
        if (status != NvmlStatus.Success)
        {
            NativeLibrary.Free(handle);
            fault = $"nvmlInit_v2 failed: {status}.";
            return false;
        }

        fault = null;
        library = new NvmlLibrary(handle);
        return true;
    }

    public NvmlStatus DeviceByPciBusId(string busId, out nint device)
    {
        device = 0;
        if (_byPciBusId is null)
        {
            return NvmlStatus.FunctionNotFound;
        }

        var text = new byte[Encoding.UTF8.GetMaxByteCount(busId.Length) + 1];
        Encoding.UTF8.GetBytes(busId, text);
        fixed (byte* id = text)
        fixed (nint* found = &device)
        {
            return _byPciBusId(id, found);
        }
    }

    public NvmlStatus DeviceByIndex(int index, out nint device)
    {
        device = 0;
        fixed (nint* found = &device)
        {
            return _byIndex is null ? NvmlStatus.FunctionNotFound : _byIndex((uint)index, found);
        }
    }

    public NvmlStatus PowerUsage(nint device, out uint milliwatts)
    {
        milliwatts = 0;
        fixed (uint* value = &milliwatts)
        {
            return _powerUsage is null ? NvmlStatus.FunctionNotFound : _powerUsage(device, value);
        }
    }

    public NvmlStatus FieldValues(nint device, Span<NvmlFieldValue> fields)
    {
        fixed (NvmlFieldValue* values = fields)
        {
            return _fieldValues is null ? NvmlStatus.FunctionNotFound : _fieldValues(device, fields.Length, values);
        }
    }

    public NvmlStatus TotalEnergy(nint device, out ulong millijoules)
    {
        millijoules = 0;
        fixed (ulong* value = &millijoules)
        {
            return _totalEnergy is null ? NvmlStatus.FunctionNotFound : _totalEnergy(device, value);
        }
    }

    public NvmlStatus PowerLimit(nint device, out uint milliwatts)
    {
        milliwatts = 0;
        fixed (uint* value = &milliwatts)
        {
            return _powerLimit is null ? NvmlStatus.FunctionNotFound : _powerLimit(device, value);
        }
    }

    public NvmlStatus PowerLimitConstraints(nint device, out uint least, out uint most)
    {
        least = most = 0;
        fixed (uint* low = &least)
        fixed (uint* high = &most)
        {
            return _constraints is null ? NvmlStatus.FunctionNotFound : _constraints(device, low, high);
        }
    }

    public NvmlStatus SetPowerLimit(nint device, uint milliwatts) =>
        _setPowerLimit is null ? NvmlStatus.FunctionNotFound : _setPowerLimit(device, milliwatts);

    /// <summary>Ends its use; no device of it may be read any more.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_shutdown is not null)
        {
            _ = _shutdown();
        }

        NativeLibrary.Free(_library);
    }

    private void* Find(string name) => NativeLibrary.TryGetExport(_library, name, out var address) ? (void*)address : null;
}
