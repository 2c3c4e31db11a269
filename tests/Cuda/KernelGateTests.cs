using System.Globalization;
using System.Text.RegularExpressions;
using Crescent.GpuCheck.Device;

namespace Crescent.Tests.Cuda;

/// <summary>
/// Every kernel through the vendor's own compiler, which needs no GPU: it compiles, keeps all in registers, and takes no more of them than lets enough warps run.
/// </summary>
public sealed partial class KernelGateTests
{
    /// <summary>Environment variable: the file of an NVRTC 12.4; <c>.ci/nvrtc</c> brings one.</summary>
    private const string Variable = "CRESCENT_NVRTC";

    public static TheoryData<string, string> Sources()
    {
        var all = new TheoryData<string, string>();
        foreach (var architecture in new[] { "sm_80", "sm_90" })
        {
            foreach (var file in KernelCompiler.Files.Where(static file => !file.StartsWith("wide", StringComparison.Ordinal)))
                all.Add(file, architecture);
        }

        foreach (var file in KernelCompiler.Files.Where(static file => file.StartsWith("wide", StringComparison.Ordinal)))
            all.Add(file, "sm_90a");

        return all;
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void A_source_compiles_without_spills_and_within_its_registers(string file, string architecture)
    {
        var path = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(string.IsNullOrEmpty(path), $"There is no NVRTC: {Variable} names none");
        var (image, log) = new KernelCompiler(CudaLibrary.Load(path)).Compile(file, architecture, "--ptxas-options=-v");
        Assert.True(image.AsSpan().StartsWith("\x7f"u8), "no ELF image");
        var kernels = Entry().Matches(log);
        Assert.NotEmpty(kernels);
        Assert.DoesNotContain("Performance Loss", log, StringComparison.Ordinal);
        foreach (Match kernel in kernels)
        {
            var (name, stack, stores, loads, registers) = (kernel.Groups[1].Value, Number(kernel, 2), Number(kernel, 3), Number(kernel, 4), Number(kernel, 5));
            Assert.True(stores == 0 && loads == 0, $"{name} of {architecture} spills {stores} and {loads} bytes");
            Assert.True(registers <= MostRegisters(name), $"{name} of {architecture} takes {registers} registers, more than {MostRegisters(name)}");

            // The sine of a large angle keeps its digits on the stack.
            Assert.True(stack <= (name == "rope_angles" ? 64 : 0), $"{name} of {architecture} has {stack} bytes of stack");
        }
    }

    // 65536 registers of a multiprocessor: blocks of 1024 threads fit once up to 64, of 512 threads once up to 128, of 256 threads twice, of 128 threads twice up to 255 and four times up to 128.
    private static int MostRegisters(string kernel) => kernel switch
    {
        "wide_attend_512" or "wide_attend_parts_512" or "wide_attend_latent" or "wide_attend_parts_latent" => 168, // three blocks
        "attend_256" or "attend_parts_256" or "attend_decode_256" => 252,
        "attend_128" or "attend_parts_128" or "attend_decode_128" => 232,
        "attend_64" or "attend_parts_64" or "attend_decode_64" => 152,
        "matmul_f16_gated_32" or "matmul_fp4_gated_32" => 160,
        "experts_f16_gated_32" or "experts_q5m_gated_32" or "experts_q6_gated_32" => 168,
        _ when kernel.StartsWith("experts", StringComparison.Ordinal) => 128,
        _ when kernel.StartsWith("matmul", StringComparison.Ordinal) => kernel.EndsWith("_64", StringComparison.Ordinal) ? 240 : 128,
        "delta_256" or "mamba_256" => 216, // a lane has 64 floats of a row
        "delta_128" or "mamba_128" => 112,
        "repack" => 128,
        _ when kernel.StartsWith("unpack", StringComparison.Ordinal) || kernel.StartsWith("wide", StringComparison.Ordinal) => 128,
        "sample_rows" => 64,
        _ => 64,
    };

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"Compiling entry function '(\w+)'[\s\S]*?(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads[\s\S]*?Used (\d+) registers")]
    private static partial Regex Entry();
}
