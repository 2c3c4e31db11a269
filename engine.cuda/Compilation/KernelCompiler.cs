using Crescent.Engine.Cuda.Driver;
using ManagedCuda.NVRTC;

namespace Crescent.Engine.Cuda.Compilation;

/// <summary>Compiles sources by NVRTC.</summary>
internal static class KernelCompiler
{
    // For a GPU that NVRTC is too old to know: code that the driver then compiles on.
    private static readonly string[] Portable = ["compute_90", "compute_80"];

    /// <summary>Code of a source for a GPU.</summary>
    /// <exception cref="CudaDeviceException">There is no NVRTC, or it does not compile the source.</exception>
    public static byte[] Compile(string name, CudaGpu gpu)
    {
        CudaLibraries.Prepare();
        try
        {
            var fault = Try(name, Target(name, gpu), out var code);
            foreach (var target in Portable)
            {
                if (code is null)
                {
                    _ = Try(name, target, out code);
                }
            }

            return code ?? throw new CudaDeviceException($"The kernels of {name} cannot be compiled for {gpu.Name} (sm_{gpu.Major}{gpu.Minor}): {fault}");
        }
        catch (Exception fault) when (fault is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new CudaDeviceException(CudaLibraries.NoCompiler, fault);
        }
    }

    /// <summary>What a source is compiled for: products of warp groups are of one architecture alone, and of its code that no other runs.</summary>
    public static string Target(string name, CudaGpu gpu) => $"sm_{gpu.Major}{gpu.Minor}{(gpu.Major == 9 && name.StartsWith("wide", StringComparison.Ordinal) ? "a" : "")}";

    private static string? Try(string name, string target, out byte[]? code)
    {
        code = null;
        using var compiler = new CudaRuntimeCompiler(
            KernelSources.Read(name), name, [.. KernelSources.Headers.Select(static header => header.Text)], [.. KernelSources.Headers.Select(static header => header.Name)]);
        try
        {
            compiler.Compile([$"--gpu-architecture={target}", "--std=c++17"]);
        }
        catch (NVRTCException fault)
        {
            return $"{fault.Message} {compiler.GetLogAsString()}";
        }

        code = target.StartsWith("sm_", StringComparison.Ordinal) ? compiler.GetCubin() : compiler.GetPTX();
        return null;
    }
}
