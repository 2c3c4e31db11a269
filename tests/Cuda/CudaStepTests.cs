using Crescent.Engine.Cuda;
using Crescent.Engine.Model;
using Crescent.Tests.Engine.Devices.Cpu;

namespace Crescent.Tests.Cuda;

/// <summary>The ways in which a step can be run on an emulated GPU: as a graph or kernel by kernel, with cuBLAS or without.</summary>
public sealed class CudaStepTests : EmulatedCudaTest
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 450).Select(static i => (i * 37) % 500)];

    [Theory]
    [InlineData("crescent-tiny")]
    [InlineData("qwen3moe")]
    [InlineData("gpt-oss-MXFP4")]
    [InlineData("qwen35")]
    [InlineData("nemotron_h")]
    [InlineData("lfm2")]
    [InlineData("gemma4")]
    [InlineData("gemma4-moe")]
    [InlineData("deepseek2")]
    public void A_graph_gives_the_bits_of_its_kernels_launched_one_by_one(string name)
    {
        using var model = Open(name);
        using var graphs = new CudaDevice(model.Graph, EmulatedCuda.Options());
        using var kernels = new CudaDevice(model.Graph, EmulatedCuda.Options() with { Graphs = false });
        var before = EmulatedCuda.Counters(0).GraphLaunches;
        foreach (var batch in new[] { 1, 3, 9 })
        {
            for (var step = 0; step < 3; step++)
            {
                Assert.Equal(DecodeSteps.Logits(kernels, batch, step), DecodeSteps.Logits(graphs, batch, step));
            }
        }

        Assert.Equal(9, EmulatedCuda.Counters(0).GraphLaunches - before);
        Assert.Equal(3, graphs.GraphsMade);
        Assert.Null(graphs.GraphFault);
        Assert.Equal(0, kernels.GraphsMade);
    }

    [Theory]
    [InlineData("crescent-tiny")]
    [InlineData("qwen3moe")]
    [InlineData("gpt-oss-MXFP4")]
    [InlineData("qwen35")]
    [InlineData("nemotron_h")]
    [InlineData("lfm2")]
    [InlineData("gemma4")]
    [InlineData("gemma4-moe")]
    [InlineData("deepseek2")]
    public void Batches_of_nearly_one_size_share_a_graph_and_tokens_that_fill_it_up_change_nothing(string name)
    {
        using var model = Open(name);
        using var device = new CudaDevice(model.Graph, EmulatedCuda.Options());
        var alone = DecodeSteps.Logits(device, 1, 0);
        var made = device.GraphsMade;
        foreach (var batch in new[] { 5, 6, 7, 8 })
        {
            Assert.Equal(alone, DecodeSteps.Logits(device, batch, 0)[..alone.Length]);
        }

        Assert.Equal(made + 1, device.GraphsMade);
    }

    [Fact]
    public void A_long_prompt_is_near_what_it_is_without_cublas_and_what_is_missing_is_told()
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        using var vendor = EmulatedCuda.Open(model.Graph);
        var expected = vendor.BlasFault;
        Assert.Null(expected);
        var with = new DeviceSequence(vendor, 512).Append(Prompt);
        using var own = new CudaDevice(model.Graph, EmulatedCuda.Options() with { Blas = false });
        var without = new DeviceSequence(own, 512).Append(Prompt);
        Assert.Contains(CudaDeviceOptions.BlasVariable, own.BlasFault, StringComparison.Ordinal);
        Assert.Equal(LogProbabilities.ArgMax(without), LogProbabilities.ArgMax(with));
        Assert.InRange(with.Zip(without, static (a, b) => Math.Abs(a - b)).Max(), 1e-7f, 0.05f);
        Assert.Contains("unpacked weights", vendor.Memory.Keys);
        Assert.DoesNotContain("unpacked weights", own.Memory.Keys);
    }

    private static LanguageModel Open(string name) => LanguageModel.Open(name == "crescent-tiny" ? TestFiles.TinyModel : TestFiles.Shared("arch", $"{name}.gguf"));
}
