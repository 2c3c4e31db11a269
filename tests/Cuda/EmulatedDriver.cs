using System.Diagnostics;
using System.Runtime.InteropServices;
using Crescent.Engine.Cuda;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Model.Architectures;

namespace Crescent.Tests.Cuda;

/// <summary>
/// CUDA's libraries as <c>tests/CudaEmulator</c> makes them: the kernels run on the host. Built once, where a C++ compiler is; tests that need it are skipped
/// elsewhere.
/// </summary>
internal static class EmulatedDriver
{
    private static readonly Lazy<(string Folder, string? Fault)> Built = new(Build);

    /// <summary>Folder where tests keep compiled kernels.</summary>
    public static string KernelCache => Path.Combine(Built.Value.Folder, "kernels");

    /// <summary>From now on CUDA is the emulated one; skips the running test where it cannot be built.</summary>
    public static void Require()
    {
        var (folder, fault) = Built.Value;
        Assert.SkipUnless(fault is null, fault ?? "");
        if (Environment.GetEnvironmentVariable(CudaLibraries.PathVariable) is null)
            Environment.SetEnvironmentVariable(CudaLibraries.PathVariable, folder);
    }

    /// <summary>A device on GPU 0 with logits in the host's memory.</summary>
    public static CudaDevice Open(DecoderGraph graph, int blocks = 128, int maxStepTokens = 512, int maxLogitRows = 256)
    {
        Require();
        return new CudaDevice(
            graph,
            new CudaDeviceOptions
            {
                Name = "cuda:0",
                KvBlocks = blocks,
                MaxStepTokens = maxStepTokens,
                MaxLogitRows = maxLogitRows,
                HostLogits = true,
                KernelCache = KernelCache,
            });
    }

    /// <summary>The context of GPU 0 fails with <paramref name="error"/> at its next launch but <paramref name="launches"/>; below 0: it does not.</summary>
    public static void FailAfter(int launches, int error) => Assert.Equal(0, Call<Fail>("crescentEmulatorFail")(0, error, launches));

    /// <summary>The next <paramref name="count"/> allocations on GPU 0 find no memory.</summary>
    public static void RefuseAllocations(int count) => Assert.Equal(0, Call<Refuse>("crescentEmulatorRefuse")(0, count));

    private delegate int Fail(int device, int error, nint launches);

    private delegate int Refuse(int device, int count);

    private static T Call<T>(string name)
        where T : Delegate =>
        Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(NativeLibrary.Load(Path.Combine(Built.Value.Folder, "libcuda.so.1")), name));

    private static (string Folder, string? Fault) Build()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "cuda-emulator");
        var script = TestFiles.Project("tests", "CudaEmulator", "build.sh");
        if (!OperatingSystem.IsLinux() || !File.Exists(script))
            return (folder, "the emulated CUDA driver is for Linux, from tests/CudaEmulator");
        var newest = Directory.EnumerateFiles(Path.GetDirectoryName(script)!).Max(File.GetLastWriteTimeUtc);
        var mark = Path.Combine(folder, "built");
        if (File.Exists(mark) && File.GetLastWriteTimeUtc(mark) > newest)
            return (folder, null);

        // Kernels that another emulator compiled are none for this one.
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        try
        {
            using var build = Process.Start(new ProcessStartInfo("bash", [script, folder]) { RedirectStandardError = true })!;
            var errors = build.StandardError.ReadToEnd();
            build.WaitForExit();
            if (build.ExitCode != 0)
                return (folder, $"the emulated CUDA driver cannot be built (it needs g++): {errors}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (folder, $"the emulated CUDA driver cannot be built: {e.Message}");
        }

        File.WriteAllText(mark, "");
        return (folder, null);
    }
}
