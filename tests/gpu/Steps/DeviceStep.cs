using System.Globalization;
using Crescent.GpuCheck.Device;
using Crescent.GpuCheck.Reports;

namespace Crescent.GpuCheck.Steps;

/// <summary>What the machine has.</summary>
internal static class DeviceStep
{
    // What the device and this program call.
    private static readonly string[] DriverEntries =
    [
        "cuInit", "cuDriverGetVersion", "cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceGetAttribute", "cuDeviceTotalMem_v2", "cuDeviceGetPCIBusId",
        "cuDeviceGetUuid", "cuDevicePrimaryCtxRetain", "cuDevicePrimaryCtxRelease_v2", "cuDevicePrimaryCtxReset_v2", "cuCtxSetCurrent", "cuCtxSynchronize",
        "cuMemAlloc_v2", "cuMemFree_v2", "cuMemGetInfo_v2", "cuMemHostAlloc", "cuMemFreeHost", "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2",
        "cuMemcpyDtoDAsync_v2", "cuMemsetD8Async", "cuStreamCreate", "cuStreamDestroy_v2", "cuStreamSynchronize", "cuStreamQuery", "cuStreamWaitEvent",
        "cuEventCreate", "cuEventDestroy_v2", "cuEventRecord", "cuEventQuery", "cuEventSynchronize", "cuEventElapsedTime", "cuModuleLoadData", "cuModuleUnload",
        "cuModuleGetFunction", "cuFuncGetAttribute", "cuFuncSetAttribute", "cuLaunchKernel", "cuGetErrorName", "cuGetErrorString",
        "cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuGraphLaunch", "cuGraphDestroy", "cuGraphExecDestroy",
    ];

    public static void Run(Options options, StepReport report)
    {
        using var gpu = new Gpu(options.Device);
        var (free, total) = gpu.Memory;
        report.Line($"{gpu.Name}, compute capability {gpu.Architecture / 10}.{gpu.Architecture % 10}, {gpu.Multiprocessors} multiprocessors, PCI {gpu.PciBusId}");
        report.Line(string.Create(CultureInfo.InvariantCulture, $"memory {total / 1e9:0.0} GB, {free / 1e9:0.0} GB free; L2 {gpu.Attribute(38) / 1e6:0} MB; {gpu.Attribute(37)} bit at {gpu.Attribute(36) / 1e6:0.00} GHz"));
        report.Line($"driver for CUDA {gpu.DriverVersion / 1000}.{gpu.DriverVersion % 1000 / 10}: {gpu.Driver.Path}");
        foreach (var entry in DriverEntries.Where(entry => !gpu.Driver.Has(entry)))
            report.Fault($"the driver has no {entry}");
        var compiler = new KernelCompiler();
        report.Line($"NVRTC {compiler.Version}: {compiler.Path}");
        try
        {
            report.Line($"cuBLAS: {CudaLibrary.Blas().Path}");
        }
        catch (DllNotFoundException fault)
        {
            report.Line($"no cuBLAS: {fault.Message}");
        }

        report.Figure("multiprocessors", gpu.Multiprocessors);
        report.Figure("memory_bytes", total);
        report.Figure("driver", gpu.DriverVersion);
        using var power = PowerSampler.Open(gpu.PciBusId, out var why);
        if (power is null)
        {
            report.Line($"no NVML: {why}");
            return;
        }

        power.Begin();
        Thread.Sleep(options.Small ? 200 : 2000);
        var idle = power.End();
        report.Line($"idle, with this context open: {idle}");
        report.Figure("idle_watts", idle.Watts ?? -1);
    }
}
