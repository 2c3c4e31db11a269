using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Crescent.Engine.Cuda.Driver;

/// <summary>
/// Finds NVIDIA's libraries, whose names carry a version: in the folders of <see cref="PathVariable"/> first, then where the system looks, then where the CUDA
/// toolkit lies. The same for this assembly's own declarations and for ManagedCuda's.
/// </summary>
public static class CudaLibraries
{
    /// <summary>Environment variable: folders that are searched first, parted as in <c>PATH</c>.</summary>
    public const string PathVariable = "CRESCENT_CUDA_PATH";

    private static readonly string[] Driver = OperatingSystem.IsWindows() ? ["nvcuda.dll"] : ["libcuda.so.1", "libcuda.so"];

    private static readonly string[] Compiler = OperatingSystem.IsWindows()
        ? ["nvrtc64_130_0.dll", "nvrtc64_120_0.dll", "nvrtc64_112_0.dll"]
        : ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so"];

    private static readonly string[] Products = OperatingSystem.IsWindows()
        ? ["cublas64_13.dll", "cublas64_12.dll", "cublas64_11.dll"]
        : ["libcublas.so.13", "libcublas.so.12", "libcublas.so.11", "libcublas.so"];

    private static readonly string[] ToolkitFolders =
        ["/usr/local/cuda/lib64", "/usr/local/cuda/targets/x86_64-linux/lib", "/usr/local/cuda/targets/sbsa-linux/lib", "/opt/cuda/lib64", "/usr/lib/wsl/lib"];

    private static readonly Lock Loading = new();
    private static bool _hooked;

    /// <summary>What to do where the driver is not there.</summary>
    public static string NoDriver =>
        $"There is no CUDA driver: {Driver[0]} is neither in a folder of {PathVariable} nor where the system looks for libraries. Install NVIDIA's driver "
        + "(in a container, start it with access to the GPUs, as by --gpus all), or run on the processor with --devices cpu.";

    /// <summary>What to do where NVRTC is not there.</summary>
    public static string NoCompiler =>
        $"NVRTC, which compiles the kernels for the GPU, is not there: none of {string.Join(", ", Compiler)} is in a folder of {PathVariable}, where the system "
        + $"looks for libraries, or in the CUDA toolkit. Install it (package cuda-nvrtc of the CUDA toolkit, or libnvrtc), or name its folder in {PathVariable}.";

    /// <summary>From now on the libraries are found when they are first called.</summary>
    public static void Prepare()
    {
        lock (Loading)
        {
            if (!_hooked)
            {
                _hooked = true;
                AssemblyLoadContext.Default.ResolvingUnmanagedDll += static (_, name) => Find(name);
            }
        }
    }

    /// <summary>Whether the driver has an entry point, which older ones may lack.</summary>
    internal static bool DriverHas(string entryPoint)
    {
        Prepare();
        return NativeLibrary.TryLoad("nvcuda", typeof(CudaLibraries).Assembly, null, out var driver) && NativeLibrary.TryGetExport(driver, entryPoint, out _);
    }

    private static nint Find(string name)
    {
        var plain = name.StartsWith("lib", StringComparison.Ordinal) ? name[3..] : name;
        var names = plain switch
        {
            "nvcuda" or "cuda" => Driver,
            _ when plain.StartsWith("nvrtc", StringComparison.Ordinal) => Compiler,
            _ when plain.StartsWith("cublas", StringComparison.Ordinal) => Products,
            _ => [],
        };
        var first = (Environment.GetEnvironmentVariable(PathVariable) ?? "").Split(Path.PathSeparator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return FindIn(first, names) is not 0 and var named ? named : FindOnSystem(names) is not 0 and var found ? found : FindIn(ToolkitFolders, names);
    }

    private static nint FindOnSystem(string[] names)
    {
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, out var library))
            {
                return library;
            }
        }

        return 0;
    }

    private static nint FindIn(string[] folders, string[] names)
    {
        foreach (var folder in folders.Where(Directory.Exists))
        {
            foreach (var path in names.Select(name => Path.Combine(folder, name)).Where(File.Exists))
            {
                LoadCompanion(folder, Path.GetFileName(path));
                if (NativeLibrary.TryLoad(Path.GetFullPath(path), out var library))
                {
                    return library;
                }
            }
        }

        return 0;
    }

    // NVRTC and cuBLAS open their second libraries by bare names, which are found only if those are loaded already or their folder is searched.
    private static void LoadCompanion(string folder, string name)
    {
        var companions = name.Contains("nvrtc", StringComparison.Ordinal) ? "libnvrtc-builtins.so.*" : name.Contains("cublas", StringComparison.Ordinal) ? "libcublasLt.so.*" : null;
        if (companions is not null)
        {
            foreach (var companion in Directory.EnumerateFiles(folder, companions).Order(StringComparer.Ordinal))
            {
                _ = NativeLibrary.TryLoad(Path.GetFullPath(companion), out _);
            }
        }
    }
}
