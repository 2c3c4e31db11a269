using System.Diagnostics;
using Crescent.GpuCheck.Reports;

namespace Crescent.Tests.Cuda;

/// <summary>A machine that lacks one of NVIDIA's libraries, seen by a process of its own: this one has them already.</summary>
public sealed class CudaLibrariesTests : EmulatedCudaTest
{
    [Fact]
    public void Without_a_driver_there_is_one_message_with_the_remedy()
    {
        using var folder = new TemporaryFolder();
        var fault = Fault(folder, "/nowhere");
        Assert.Contains("There is no CUDA driver: libcuda.so.1 is neither in a folder of CRESCENT_CUDA_PATH nor where the system looks for libraries.", fault, StringComparison.Ordinal);
        Assert.Contains("--devices cpu", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_compiler_there_is_one_message_with_the_remedy()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(EmulatedCuda.Folder, "libcuda.so.1"), folder.At("libcuda.so.1"));
        var fault = Fault(folder, folder.Path);
        Assert.Contains("NVRTC, which compiles the kernels for the GPU, is not there", fault, StringComparison.Ordinal);
        Assert.Contains("CRESCENT_CUDA_PATH", fault, StringComparison.Ordinal);
    }

    // The step opens a CUDA device, and says what it throws.
    private static string Fault(TemporaryFolder folder, string path)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Crescent.GpuCheck.dll");
        var start = new ProcessStartInfo("dotnet", [program, "--out", folder.Path, "--work", folder.Path, "--step", "tokens", "--small"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["CRESCENT_CUDA_PATH"] = path;
        using var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.WaitForExit();
        var report = SummaryFiles.ReadStep(folder.At("step-tokens.json"))!;
        Assert.Equal("failed", report.Outcome);
        return Assert.Single(report.Faults);
    }
}
