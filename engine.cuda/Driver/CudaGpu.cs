using System.Text;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Driver;

/// <summary>A GPU of this machine as its driver tells of it.</summary>
/// <param name="Index">Its number, from 0.</param>
/// <param name="Name">Its model.</param>
/// <param name="PciBusId">Such as <c>0000:17:00.0</c>; by this NVML knows it, whose numbers differ.</param>
/// <param name="MemoryBytes">All its memory.</param>
/// <param name="Multiprocessors">Multiprocessors.</param>
/// <param name="Major">Compute capability before the dot.</param>
/// <param name="Minor">Compute capability behind the dot.</param>
public sealed record CudaGpu(int Index, string Name, string PciBusId, long MemoryBytes, int Multiprocessors, int Major, int Minor)
{
    /// <summary>Version of the driver: 1000 times its major, 10 times its minor number.</summary>
    public int DriverVersion { get; private init; }

    /// <summary>All GPUs of this machine.</summary>
    /// <exception cref="CudaDeviceException">There is no driver, or it does not answer.</exception>
    public static IReadOnlyList<CudaGpu> All()
    {
        CudaLibraries.Prepare();
        try
        {
            var initialised = DriverAPINativeMethods.cuInit(CUInitializationFlags.None);
            if (initialised == CUResult.ErrorNoDevice)
            {
                return [];
            }

            Check(initialised, "initialise the driver");
            int count = 0, version = 0;
            Check(DriverAPINativeMethods.DeviceManagement.cuDeviceGetCount(ref count), "count GPUs");
            Check(DriverAPINativeMethods.cuDriverGetVersion(ref version), "ask the driver's version");
            return [.. Enumerable.Range(0, count).Select(index => Read(index) with { DriverVersion = version })];
        }
        catch (Exception fault) when (fault is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new CudaDeviceException(CudaLibraries.NoDriver, fault);
        }
    }

    /// <summary>The GPU of a number.</summary>
    /// <exception cref="CudaDeviceException">There is none, or no driver.</exception>
    public static CudaGpu Of(int index)
    {
        var all = All();
        return index >= 0 && index < all.Count
            ? all[index]
            : throw new CudaDeviceException(
                $"There is no GPU cuda:{index}: the driver tells of {all.Count}{(all.Count == 0 ? "" : $", cuda:0 to cuda:{all.Count - 1}")}. "
                + "Name one of those with --devices, or cuda:all; CUDA_VISIBLE_DEVICES may hide others.");
    }

    private static CudaGpu Read(int index)
    {
        var device = default(CUdevice);
        Check(DriverAPINativeMethods.DeviceManagement.cuDeviceGet(ref device, index), $"open GPU {index}");
        var name = new byte[256];
        var bus = new byte[32];
        SizeT memory = 0;
        Check(DriverAPINativeMethods.DeviceManagement.cuDeviceGetName(name, name.Length, device), $"ask the name of GPU {index}");
        Check(DriverAPINativeMethods.DeviceManagement.cuDeviceGetPCIBusId(bus, bus.Length, device), $"ask the PCI bus id of GPU {index}");
        Check(DriverAPINativeMethods.DeviceManagement.cuDeviceTotalMem_v2(ref memory, device), $"ask the memory of GPU {index}");
        return new CudaGpu(
            index,
            Text(name),
            Text(bus),
            memory,
            Attribute(device, CUDeviceAttribute.MultiProcessorCount),
            Attribute(device, CUDeviceAttribute.ComputeCapabilityMajor),
            Attribute(device, CUDeviceAttribute.ComputeCapabilityMinor));
    }

    private static int Attribute(CUdevice device, CUDeviceAttribute attribute)
    {
        var value = 0;
        Check(DriverAPINativeMethods.DeviceManagement.cuDeviceGetAttribute(ref value, attribute, device), $"ask {attribute}");
        return value;
    }

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes, 0, Math.Max(0, Array.IndexOf(bytes, (byte)0)));

    private static void Check(CUResult result, string doing)
    {
        if (result != CUResult.Success)
        {
            throw new CudaDeviceException($"The CUDA driver cannot {doing}: {GpuContext.Describe(result)}. Does nvidia-smi show the GPUs to this process?");
        }
    }
}
