using System.Runtime.InteropServices;

namespace Crescent.GpuCheck.Device;

/// <summary>
/// A library of CUDA, found in the folders of <c>CRESCENT_CUDA_PATH</c> and then where the system looks. Bound here apart from the device's own binding, so
/// that neither can hide a mistake of the other.
/// </summary>
internal sealed class CudaLibrary
{
    private readonly nint _handle;

    private CudaLibrary(nint handle, string path)
    {
        _handle = handle;
        Path = path;
    }

    /// <summary>The file, or the name that the system resolved.</summary>
    public string Path { get; }

    /// <summary>The driver.</summary>
    public static CudaLibrary Driver() => Open("libcuda.so.1", "libcuda.so");

    /// <summary>The compiler.</summary>
    public static CudaLibrary Compiler() => Open("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so");

    /// <summary>The matrix products of the vendor, to compare with.</summary>
    public static CudaLibrary Blas() => Open("libcublas.so.13", "libcublas.so.12", "libcublas.so.11", "libcublas.so");

    /// <summary>A file; NVRTC's second library, which it opens by its bare name, is loaded with it.</summary>
    public static CudaLibrary Load(string path)
    {
        foreach (var companion in Directory.EnumerateFiles(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!, "libnvrtc-builtins.so.*"))
            NativeLibrary.TryLoad(companion, out _);
        return new CudaLibrary(NativeLibrary.Load(path), path);
    }

    /// <summary>The address of an entry point.</summary>
    /// <exception cref="EntryPointNotFoundException">The library has none of that name.</exception>
    public nint Entry(string name) => NativeLibrary.TryGetExport(_handle, name, out var address)
        ? address
        : throw new EntryPointNotFoundException($"{Path} has no {name}.");

    /// <summary>Whether it has an entry point.</summary>
    public bool Has(string name) => NativeLibrary.TryGetExport(_handle, name, out _);

    private static CudaLibrary Open(params string[] names)
    {
        var folders = (Environment.GetEnvironmentVariable("CRESCENT_CUDA_PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        foreach (var file in names.SelectMany(name => folders.Select(folder => System.IO.Path.Combine(folder, name))).Where(File.Exists))
        {
            if (NativeLibrary.TryLoad(file, out var handle))
                return new CudaLibrary(handle, file);
        }

        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, out var handle))
                return new CudaLibrary(handle, name);
        }

        throw new DllNotFoundException($"None of {string.Join(", ", names)} is in CRESCENT_CUDA_PATH ({string.Join(':', folders)}) or where the system looks.");
    }
}
