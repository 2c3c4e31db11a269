using System.Reflection;
using System.Runtime.InteropServices;
using Crescent.Engine.Cuda;
using Crescent.Engine.Cuda.Driver;
using ManagedCuda.BasicTypes;
using ManagedCuda.CudaBlas;

namespace Crescent.Tests.Cuda;

/// <summary>What the declarations of CUDA's libraries must be for the calls to reach them: sizes, places of fields, names of entry points and numbers.</summary>
public sealed class CudaAbiTests : EmulatedCudaTest
{
    private readonly float[] _smallest = [float.Epsilon];

    // The driver's functions that have changed are called by the name of the newer form: their plain name is another function.
    private static readonly string[] Entries =
    [
        "cuCtxEnablePeerAccess", "cuCtxSetCurrent", "cuCtxSynchronize", "cuDeviceCanAccessPeer", "cuDeviceGet", "cuDeviceGetAttribute", "cuDeviceGetCount", "cuDeviceGetName",
        "cuDeviceGetPCIBusId", "cuDeviceGetUuid",
        "cuDevicePrimaryCtxRelease_v2", "cuDevicePrimaryCtxReset_v2", "cuDevicePrimaryCtxRetain", "cuDeviceTotalMem_v2", "cuDriverGetVersion", "cuEventCreate", "cuEventDestroy_v2",
        "cuEventElapsedTime", "cuEventQuery", "cuEventRecord", "cuGetErrorName", "cuGetErrorString", "cuGraphDestroy", "cuGraphExecDestroy",
        "cuGraphInstantiateWithFlags", "cuGraphLaunch", "cuInit", "cuLaunchKernel", "cuLaunchKernelEx", "cuMemAlloc_v2", "cuMemFreeHost", "cuMemFree_v2", "cuMemGetInfo_v2",
        "cuMemHostAlloc", "cuMemHostRegister_v2", "cuMemHostUnregister", "cuMemcpyDtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuMemcpyHtoDAsync_v2", "cuMemcpyPeerAsync", "cuMemsetD8Async", "cuModuleGetFunction", "cuModuleLoadData",
        "cuModuleUnload",
        "cuStreamBeginCapture_v2", "cuStreamCreate", "cuStreamDestroy_v2", "cuStreamEndCapture", "cuStreamQuery", "cuStreamWaitEvent", "cublasCreate_v2",
        "cublasDestroy_v2", "cublasGemmEx", "cublasSetStream_v2", "cublasSetWorkspace_v2", "nvrtcCompileProgram", "nvrtcCreateProgram", "nvrtcDestroyProgram", "nvrtcGetCUBIN",
        "nvrtcGetCUBINSize", "nvrtcGetPTX", "nvrtcGetPTXSize", "nvrtcGetProgramLog", "nvrtcGetProgramLogSize", "nvrtcVersion",
    ];

    [Fact]
    public void Entry_points_have_the_names_of_the_forms_that_are_called_and_the_emulated_libraries_have_them()
    {
        var declared = Declared().Select(static method => method.GetCustomAttribute<DllImportAttribute>()!).ToArray();
        Assert.Equal(Entries, declared.Select(static import => import.EntryPoint!).Order(StringComparer.Ordinal));
        foreach (var import in declared)
        {
            var file = import.Value switch { "nvcuda" => "libcuda.so.1", "cublas" => "libcublas.so.12", "nvrtc" => "libnvrtc.so.12", var other => other };
            Assert.True(NativeLibrary.TryGetExport(NativeLibrary.Load(Path.Combine(EmulatedCuda.Folder, file)), import.EntryPoint!, out _), $"{file} has no {import.EntryPoint}");
        }
    }

    [Fact]
    public void Emulated_libraries_leave_the_arithmetic_of_the_thread_that_loads_them_as_it_is()
    {
        var folder = EmulatedCuda.Folder;
        using var copies = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(folder, "lib*"))
        {
            File.Copy(file, copies.At(Path.GetFileName(file)));
        }

        // Copies, as what is loaded already runs nothing when it is loaded again.
        var product = 0f;
        var thread = new Thread(() =>
        {
            foreach (var file in Directory.GetFiles(copies.Path, "lib*"))
            {
                NativeLibrary.Load(file);
            }

            product = _smallest[0] * 2;
        });
        thread.Start();
        thread.Join();
        Assert.Equal(2 * float.Epsilon, product);
    }

    [Theory]
    [InlineData(typeof(SizeT), 8)]
    [InlineData(typeof(CUdeviceptr), 8)]
    [InlineData(typeof(CUdevice), 4)]
    [InlineData(typeof(CUcontext), 8)]
    [InlineData(typeof(CUmodule), 8)]
    [InlineData(typeof(CUfunction), 8)]
    [InlineData(typeof(CUstream), 8)]
    [InlineData(typeof(CUevent), 8)]
    [InlineData(typeof(CUgraph), 8)]
    [InlineData(typeof(CUgraphExec), 8)]
    [InlineData(typeof(CUuuid), 16)]
    [InlineData(typeof(CudaBlasHandle), 8)]
    [InlineData(typeof(OverlappedLaunch.Configuration), 56)]
    [InlineData(typeof(OverlappedLaunch.Attribute), 72)]
    public void A_structure_has_the_size_that_the_library_has(Type type, int bytes) => Assert.Equal(bytes, Marshal.SizeOf(type));

    [Theory]
    [InlineData(nameof(OverlappedLaunch.Configuration.GridX), 0)]
    [InlineData(nameof(OverlappedLaunch.Configuration.BlockX), 12)]
    [InlineData(nameof(OverlappedLaunch.Configuration.SharedBytes), 24)]
    [InlineData(nameof(OverlappedLaunch.Configuration.Stream), 32)]
    [InlineData(nameof(OverlappedLaunch.Configuration.Attributes), 40)]
    [InlineData(nameof(OverlappedLaunch.Configuration.Count), 48)]
    public void A_launch_is_laid_out_as_the_driver_reads_it(string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf<OverlappedLaunch.Configuration>(field));

    [Theory]
    [InlineData(CUStreamFlags.NonBlocking, 1)]
    [InlineData(CUEventFlags.BlockingSync, 1)]
    [InlineData(CUEventFlags.DisableTiming, 2)]
    [InlineData(CUMemHostAllocFlags.Portable, 1)]
    [InlineData(CUMemHostAllocFlags.DeviceMap, 2)]
    [InlineData(CUMemHostAllocFlags.WriteCombined, 4)]
    [InlineData(CUstreamCaptureMode.Global, 0)]
    [InlineData(CUstreamCaptureMode.Local, 1)]
    [InlineData(CUstreamCaptureMode.Relaxed, 2)]
    [InlineData(CUgraphInstantiate_flags.AutoFreeOnLaunch, 1)]
    [InlineData(CUDeviceAttribute.MultiProcessorCount, 16)]
    [InlineData(CUDeviceAttribute.ComputeCapabilityMajor, 75)]
    [InlineData(CUDeviceAttribute.ComputeCapabilityMinor, 76)]
    [InlineData(CUResult.ErrorInvalidValue, 1)]
    [InlineData(CUResult.ErrorOutOfMemory, 2)]
    [InlineData(CUResult.ErrorNoDevice, 100)]
    [InlineData(CUResult.ErrorNotFound, 500)]
    [InlineData(CUResult.ErrorNotReady, 600)]
    [InlineData(CUResult.ErrorPeerAccessUnsupported, 217)]
    [InlineData(CUResult.ErrorIllegalAddress, 700)]
    [InlineData(CUResult.ErrorPeerAccessAlreadyEnabled, 704)]
    [InlineData(CUResult.ErrorLaunchFailed, 719)]
    [InlineData(cudaDataType.CUDA_R_32F, 0)]
    [InlineData(cudaDataType.CUDA_R_16F, 2)]
    [InlineData(cudaDataType.CUDA_R_16BF, 14)]
    [InlineData(ComputeType.Compute32F, 68)]
    [InlineData(ComputeType.Compute32FFast16BF, 75)]
    [InlineData(GemmAlgo.Default, -1)]
    [InlineData(GemmAlgo.DefaultTensorOp, 99)]
    [InlineData(Operation.NonTranspose, 0)]
    [InlineData(Operation.Transpose, 1)]
    [InlineData(CublasStatus.NotInitialized, 1)]
    [InlineData(CublasStatus.AllocFailed, 3)]
    [InlineData(CublasStatus.InvalidValue, 7)]
    [InlineData(CublasStatus.ExecutionFailed, 13)]
    [InlineData(CublasStatus.NotSupported, 15)]
    public void A_name_stands_for_the_library_s_number(Enum name, long number) => Assert.Equal(number, Convert.ToInt64(name, System.Globalization.CultureInfo.InvariantCulture));

    // All that the assembly declares of CUDA's libraries, nested classes' among it.
    private static IEnumerable<MethodInfo> Declared() => typeof(CudaDevice).Assembly.GetTypes()
        .SelectMany(static type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Where(static method => method.GetCustomAttribute<DllImportAttribute>() is { Value: "nvcuda" or "cublas" or "nvrtc" });
}
