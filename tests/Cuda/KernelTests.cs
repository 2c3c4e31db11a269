using Crescent.GpuCheck.Device;
using Crescent.GpuCheck.Kernels;

namespace Crescent.Tests.Cuda;

/// <summary>Every kernel of the CUDA device beside plain arithmetic, over random shapes and in several orders of its threads.</summary>
public sealed class KernelTests : EmulatedCudaTest
{
    public static TheoryData<string> Checks() => [.. KernelCheck.All.Select(static check => check.Name)];

    [Theory]
    [MemberData(nameof(Checks))]
    public void A_kernel_does_what_plain_arithmetic_does(string name)
    {
        var check = KernelCheck.All.Single(check => check.Name == name);
        using var gpu = new Gpu();

        // Backwards, mixed, and as numbered.
        for (var seed = 1; seed <= 3; seed++)
        {
            EmulatedCuda.Order((uint)(seed % 3 * seed));
            check.Run(gpu, new Seeded(seed));
        }
    }

    [Fact]
    public void A_reference_that_is_slightly_off_is_noticed()
    {
        var exact = Enumerable.Range(1, 100).Select(static i => (double)i).ToArray();
        KernelCheck.Near("the same", exact, [.. exact.Select(static v => (float)v)], 1e-6);
        Assert.Throws<CheckFailedException>(() => KernelCheck.Near("one in a hundred", exact, [.. exact.Select(static v => (float)(v == 50 ? 51 : v))], 1e-3));
        Assert.Throws<CheckFailedException>(() => KernelCheck.Near("not a number", exact, [.. exact.Select(static v => v == 50 ? float.NaN : (float)v)], 1));
    }
}
