using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Crescent.Engine.Cuda;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Model.Architectures;

namespace Crescent.Tests.Cuda;

/// <summary>
/// The emulated driver of <c>tests/CudaEmulator</c>: built once by the compiler at hand and kept by what it is made of. There are four GPUs of 512 MB.
/// What this process asks of CUDA from then on it gets from there.
/// </summary>
internal static unsafe class EmulatedCuda
{
    /// <summary>GPUs.</summary>
    public const int Devices = 4;

    private const int MemoryMegabytes = 512;

    private static readonly Lazy<(string Folder, nint Driver)> Built = new(Load);

    /// <summary>Where its libraries are; skips the running test where there is no compiler.</summary>
    public static string Folder
    {
        get
        {
            Use();
            return Built.Value.Folder;
        }
    }

    /// <summary>From now on it is there; skips the running test where there is no compiler.</summary>
    public static void Use()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64 && HasCompiler, "There is no g++ for x86-64 to build the emulated CUDA driver");
        _ = Built.Value;
    }

    /// <summary>Options of a device of the small models of the tests.</summary>
    public static CudaDeviceOptions Options(int gpu = 0) => new()
    {
        Name = $"cuda:{gpu}",
        Gpu = gpu,
        KvBlocks = 64,
        MaxStepTokens = 512,
        HostLogits = true,
        KernelCache = Path.Combine(Folder, "kernels"),
    };

    /// <summary>A device on GPU 0 with logits in the host's memory.</summary>
    public static CudaDevice Open(DecoderGraph graph, int blocks = 128, int maxStepTokens = 512, int maxLogitRows = 256) =>
        new(graph, Options() with { KvBlocks = blocks, MaxStepTokens = maxStepTokens, MaxLogitRows = maxLogitRows });

    /// <summary>The launch after <paramref name="launches"/> more on a GPU fails with <paramref name="error"/>, which stays with the context; below 0: none does.</summary>
    public static void Fail(int gpu, int error, long launches) => Call("crescentEmulatorFail", ((delegate* unmanaged<int, int, long, int>)Entry("crescentEmulatorFail"))(gpu, error, launches));

    /// <summary>While held, what is launched on a GPU waits.</summary>
    public static void Hold(int gpu, bool held) => Call("crescentEmulatorHold", ((delegate* unmanaged<int, int, int>)Entry("crescentEmulatorHold"))(gpu, held ? 1 : 0));

    /// <summary>A GPU's context is lost at once, by <paramref name="error"/>.</summary>
    public static void Break(int gpu, int error) => Call("crescentEmulatorBreak", ((delegate* unmanaged<int, int, int>)Entry("crescentEmulatorBreak"))(gpu, error));

    /// <summary>Order of threads and blocks: 0 as numbered, 1 backwards, else a seed.</summary>
    public static void Order(uint order) => Call("crescentEmulatorSetOrder", ((delegate* unmanaged<uint, int>)Entry("crescentEmulatorSetOrder"))(order));

    /// <summary>Memory of a GPU, bytes; by itself 512 MB.</summary>
    public static void SetMemory(int gpu, long bytes) => Call("crescentEmulatorSetMemory", ((delegate* unmanaged<int, nuint, int>)Entry("crescentEmulatorSetMemory"))(gpu, (nuint)bytes));

    /// <summary>Whether kernels may be let at other GPUs' memory.</summary>
    public static void Peers(bool allowed) => Call("crescentEmulatorSetPeers", ((delegate* unmanaged<int, int>)Entry("crescentEmulatorSetPeers"))(allowed ? 1 : 0));

    /// <summary>Whether copies between GPUs may be captured.</summary>
    public static void CapturesCopies(bool allowed) =>
        Call("crescentEmulatorSetCapturesCopies", ((delegate* unmanaged<int, int>)Entry("crescentEmulatorSetCapturesCopies"))(allowed ? 1 : 0));

    /// <summary>All memory again.</summary>
    public static void ResetMemory(int gpu) => SetMemory(gpu, (long)MemoryMegabytes << 20);

    /// <summary>What a GPU has done since the process began.</summary>
    public static EmulatedCounters Counters(int gpu)
    {
        var values = stackalloc ulong[9];
        Call("crescentEmulatorCounters", ((delegate* unmanaged<int, ulong*, int>)Entry("crescentEmulatorCounters"))(gpu, values));
        return new EmulatedCounters((long)values[0], (long)values[2], (long)values[3], (long)values[5], (long)values[7]);
    }

    private static bool HasCompiler => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(static folder => File.Exists(Path.Combine(folder, "g++")));

    private static nint Entry(string name) => NativeLibrary.GetExport(Built.Value.Driver, name);

    private static void Call(string name, int result) => Assert.True(result == 0, $"{name} answered {result}");

    private static (string Folder, nint Driver) Load()
    {
        var folder = Build();

        // What the native code reads of the environment is not what this framework sets.
        _ = SetVariable("CRESCENT_CUDA_EMULATOR_DEVICES", Devices.ToString(CultureInfo.InvariantCulture), 1);
        _ = SetVariable("CRESCENT_CUDA_EMULATOR_MEMORY_MB", MemoryMegabytes.ToString(CultureInfo.InvariantCulture), 1);
        Environment.SetEnvironmentVariable(CudaLibraries.PathVariable, folder);
        return (folder, NativeLibrary.Load(Path.Combine(folder, "libcuda.so.1")));
    }

    private static string Build()
    {
        var source = TestFiles.Project("tests", "CudaEmulator");
        var files = Directory.EnumerateFiles(source).Order(StringComparer.Ordinal).ToArray();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
            hash.AppendData(File.ReadAllBytes(file));

        // It is compiled for this processor.
        hash.AppendData(Encoding.UTF8.GetBytes(File.ReadLines("/proc/cpuinfo").FirstOrDefault(static line => line.StartsWith("flags", StringComparison.Ordinal)) ?? ""));
        var folder = Path.Combine(Path.GetTempPath(), $"crescent-cuda-emulator-{Convert.ToHexStringLower(hash.GetHashAndReset())[..16]}");
        if (Directory.Exists(folder))
            return folder;
        var draft = $"{folder}.{Environment.ProcessId}";
        using var build = Process.Start(new ProcessStartInfo("bash", [Path.Combine(source, "build.sh"), draft]) { RedirectStandardError = true })!;
        var errors = build.StandardError.ReadToEnd();
        build.WaitForExit();
        Assert.True(build.ExitCode == 0, errors);
        try
        {
            Directory.Move(draft, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another process was faster.
            Directory.Delete(draft, recursive: true);
        }

        return folder;
    }

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetVariable(string name, string value, int overwrite);
}
