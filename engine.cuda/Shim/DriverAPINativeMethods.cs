using System.Runtime.InteropServices;
using ManagedCuda.BasicTypes;

namespace ManagedCuda;

/// <summary>
/// The driver's entry points that the device uses, under the names and in the shapes that ManagedCuda gives them, so that the same source builds with its
/// packages instead. The library is found as <see cref="Crescent.Engine.Cuda.Driver.CudaLibraries"/> says.
/// </summary>
public static class DriverAPINativeMethods
{
    internal const string Library = "nvcuda";

    [DllImport(Library)]
    public static extern CUResult cuInit(CUInitializationFlags flags);

    [DllImport(Library)]
    public static extern CUResult cuDriverGetVersion(ref int driverVersion);

    public static class DeviceManagement
    {
        [DllImport(Library)]
        public static extern CUResult cuDeviceGet(ref CUdevice device, int ordinal);

        [DllImport(Library)]
        public static extern CUResult cuDeviceGetCount(ref int count);

        [DllImport(Library)]
        public static extern CUResult cuDeviceGetName([Out] byte[] name, int length, CUdevice device);

        [DllImport(Library)]
        public static extern CUResult cuDeviceTotalMem_v2(ref SizeT bytes, CUdevice device);

        [DllImport(Library)]
        public static extern CUResult cuDeviceGetAttribute(ref int value, CUDeviceAttribute attribute, CUdevice device);

        [DllImport(Library)]
        public static extern CUResult cuDeviceGetPCIBusId([Out] byte[] id, int length, CUdevice device);

        [DllImport(Library)]
        public static extern CUResult cuDeviceGetUuid(ref CUuuid uuid, CUdevice device);
    }

    public static class ContextManagement
    {
        [DllImport(Library)]
        public static extern CUResult cuDevicePrimaryCtxRetain(ref CUcontext context, CUdevice device);

        [DllImport(Library)]
        public static extern CUResult cuDevicePrimaryCtxRelease_v2(CUdevice device);

        [DllImport(Library)]
        public static extern CUResult cuDevicePrimaryCtxReset_v2(CUdevice device);

        [DllImport(Library)]
        public static extern CUResult cuCtxSetCurrent(CUcontext context);

        [DllImport(Library)]
        public static extern CUResult cuCtxSynchronize();
    }

    public static class MemoryManagement
    {
        [DllImport(Library)]
        public static extern CUResult cuMemAlloc_v2(ref CUdeviceptr pointer, SizeT bytes);

        [DllImport(Library)]
        public static extern CUResult cuMemFree_v2(CUdeviceptr pointer);

        [DllImport(Library)]
        public static extern CUResult cuMemGetInfo_v2(ref SizeT free, ref SizeT total);

        [DllImport(Library)]
        public static extern CUResult cuMemHostAlloc(ref nint pointer, SizeT bytes, CUMemHostAllocFlags flags);

        [DllImport(Library)]
        public static extern CUResult cuMemFreeHost(nint pointer);

        [DllImport(Library, EntryPoint = "cuMemHostRegister_v2")]
        public static extern CUResult cuMemHostRegister(nint pointer, SizeT bytes, CUMemHostRegisterFlags flags);

        [DllImport(Library)]
        public static extern CUResult cuMemHostUnregister(nint pointer);
    }

    public static class AsynchronousMemcpy_v2
    {
        [DllImport(Library)]
        public static extern CUResult cuMemcpyHtoDAsync_v2(CUdeviceptr target, nint source, SizeT bytes, CUstream stream);

        [DllImport(Library)]
        public static extern CUResult cuMemcpyDtoHAsync_v2(nint target, CUdeviceptr source, SizeT bytes, CUstream stream);

        [DllImport(Library)]
        public static extern CUResult cuMemcpyDtoDAsync_v2(CUdeviceptr target, CUdeviceptr source, SizeT bytes, CUstream stream);

        [DllImport(Library)]
        public static extern CUResult cuMemcpyPeerAsync(CUdeviceptr target, CUcontext targetContext, CUdeviceptr source, CUcontext sourceContext, SizeT bytes, CUstream stream);
    }

    public static class CudaPeerAccess
    {
        [DllImport(Library)]
        public static extern CUResult cuDeviceCanAccessPeer(ref int canAccessPeer, CUdevice device, CUdevice peer);

        [DllImport(Library)]
        public static extern CUResult cuCtxEnablePeerAccess(CUcontext peer, CtxEnablePeerAccessFlags flags);
    }

    public static class MemsetAsync
    {
        [DllImport(Library)]
        public static extern CUResult cuMemsetD8Async(CUdeviceptr target, byte value, SizeT count, CUstream stream);
    }

    public static class Streams
    {
        [DllImport(Library)]
        public static extern CUResult cuStreamCreate(ref CUstream stream, CUStreamFlags flags);

        [DllImport(Library)]
        public static extern CUResult cuStreamDestroy_v2(CUstream stream);

        [DllImport(Library)]
        public static extern CUResult cuStreamQuery(CUstream stream);

        [DllImport(Library)]
        public static extern CUResult cuStreamWaitEvent(CUstream stream, CUevent waited, uint flags);

        [DllImport(Library, EntryPoint = "cuStreamBeginCapture_v2")]
        public static extern CUResult cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode mode);

        [DllImport(Library)]
        public static extern CUResult cuStreamEndCapture(CUstream stream, ref CUgraph graph);
    }

    public static class Events
    {
        [DllImport(Library)]
        public static extern CUResult cuEventCreate(ref CUevent created, CUEventFlags flags);

        [DllImport(Library)]
        public static extern CUResult cuEventDestroy_v2(CUevent destroyed);

        [DllImport(Library)]
        public static extern CUResult cuEventRecord(CUevent recorded, CUstream stream);

        [DllImport(Library)]
        public static extern CUResult cuEventQuery(CUevent queried);

        [DllImport(Library)]
        public static extern CUResult cuEventElapsedTime(ref float milliseconds, CUevent start, CUevent end);
    }

    public static class ModuleManagement
    {
        [DllImport(Library)]
        public static extern CUResult cuModuleLoadData(ref CUmodule module, byte[] image);

        [DllImport(Library)]
        public static extern CUResult cuModuleUnload(CUmodule module);

        [DllImport(Library, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
        public static extern CUResult cuModuleGetFunction(ref CUfunction function, CUmodule module, string name);
    }

    public static class Launch
    {
        [DllImport(Library)]
        public static extern CUResult cuLaunchKernel(
            CUfunction function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, CUstream stream, nint[] parameters,
            nint[]? extra);
    }

    /// <summary>Spelt so.</summary>
    public static class GraphManagment
    {
        // Family 12 calls it without "WithFlags".
        [DllImport(Library)]
        public static extern CUResult cuGraphInstantiateWithFlags(ref CUgraphExec executable, CUgraph graph, CUgraphInstantiate_flags flags);

        [DllImport(Library)]
        public static extern CUResult cuGraphLaunch(CUgraphExec executable, CUstream stream);

        [DllImport(Library)]
        public static extern CUResult cuGraphDestroy(CUgraph graph);

        [DllImport(Library)]
        public static extern CUResult cuGraphExecDestroy(CUgraphExec executable);
    }

    public static class ErrorHandling
    {
        [DllImport(Library)]
        public static extern CUResult cuGetErrorString(CUResult error, ref nint text);

        [DllImport(Library)]
        public static extern CUResult cuGetErrorName(CUResult error, ref nint text);
    }
}
