using System.Runtime.InteropServices;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Driver;

/// <summary>
/// Launches kernels that may begin before the one ahead of them in the stream has ended: they wait by themselves where they need what it writes. For
/// compute capability 9.0 and newer. ManagedCuda has this entry point in its newest family only, so it is declared here.
/// </summary>
internal static unsafe class OverlappedLaunch
{
    private const int ProgrammaticStreamSerialization = 6;

    /// <summary>Whether GPU and driver have it.</summary>
    public static bool IsThere(CudaGpu gpu) => gpu.Major >= 9 && CudaLibraries.DriverHas(nameof(cuLaunchKernelEx));

    /// <summary>Queues a kernel.</summary>
    public static CUResult Launch(CUfunction function, uint gridX, uint gridY, uint gridZ, uint threads, CUstream stream, nint[] parameters)
    {
        var overlap = new Attribute { Id = ProgrammaticStreamSerialization, Value = 1 };
        var config = new Configuration { GridX = gridX, GridY = gridY, GridZ = gridZ, BlockX = threads, BlockY = 1, BlockZ = 1, Stream = stream.Pointer, Attributes = &overlap, Count = 1 };
        fixed (nint* pointers = parameters)
        {
            return cuLaunchKernelEx(&config, function, pointers, null);
        }
    }

    [DllImport("nvcuda")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern CUResult cuLaunchKernelEx(Configuration* configuration, CUfunction function, nint* parameters, nint* extra);

    /// <summary>CUlaunchConfig: 56 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Configuration
    {
        public uint GridX;
        public uint GridY;
        public uint GridZ;
        public uint BlockX;
        public uint BlockY;
        public uint BlockZ;
        public uint SharedBytes;
        public nint Stream;
        public Attribute* Attributes;
        public uint Count;
    }

    /// <summary>CUlaunchAttribute: 72 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 72)]
    internal struct Attribute
    {
        [FieldOffset(0)]
        public int Id;

        [FieldOffset(8)]
        public int Value;
    }
}
