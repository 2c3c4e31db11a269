using Crescent.Engine.Cuda;
using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;
using Crescent.Tests.Engine.Devices.Cpu;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Cuda;

/// <summary>Layers that see a window, and sinks, on the emulated GPU: a model that has neither, which is given them.</summary>
public sealed class CudaWindowTests : EmulatedCudaTest
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 75).Select(static i => ((i * 37) % 500) + 3)];

    [Theory]
    [InlineData(false, 0, 11)]
    [InlineData(true, 0, 11)]
    [InlineData(true, 37, 0)]
    [InlineData(false, 37, 11)]
    [InlineData(true, 16, 16)]
    [InlineData(true, 0, 0)]
    [InlineData(false, -32, 0)]
    [InlineData(true, -16, -48)]
    [InlineData(false, 20, -64)]
    public void Logits_are_near_the_processors_however_a_prompt_is_cut(bool hasSinks, int first, int second)
    {
        using var model = LanguageModel.Open(TestFiles.Shared("arch", "qwen3.gguf"));
        var graph = Changed(model.Graph, hasSinks, first, second);
        using var cpu = new CpuDevice(graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 16, Activations = ActivationPrecision.Int16 });
        using var device = EmulatedCuda.Open(graph, blocks: 16);
        Assert.Equal(cpu.Info.KvGroups, device.Info.KvGroups);
        Assert.Equal(first == second ? 1 : 2, device.Info.KvGroups.Count);
        using var all = EmulatedCuda.Open(model.Graph, blocks: 16);
        var expected = new DeviceSequence(cpu, Prompt.Length).Append(Prompt);
        var size = expected.Max(Math.Abs);

        // Of one token a step, of few, of many, of all.
        foreach (var chunk in new[] { 1, 3, 30, Prompt.Length })
            Assert.InRange(Distance(expected, new DeviceSequence(device, Prompt.Length).AppendChunked(Prompt, chunk)), 0, 0.01f * size);
        Assert.True(Distance(expected, new DeviceSequence(all, Prompt.Length).Append(Prompt)) > 0.05f * size, "windows and sinks change nothing");
    }

    [Fact]
    public void Windows_of_several_parts_that_have_slid_are_the_processors()
    {
        using var model = LanguageModel.Open(TestFiles.Shared("arch", "qwen3.gguf"));
        var graph = Changed(model.Graph, hasSinks: true, 150, 300);
        using var cpu = new CpuDevice(graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 64, Activations = ActivationPrecision.Int16 });
        using var device = EmulatedCuda.Open(graph, blocks: 64);
        int[] prompt = [.. Enumerable.Range(0, 400).Select(static i => ((i * 41) % 500) + 3)];
        var (there, here) = (new DeviceSequence(cpu, 420), new DeviceSequence(device, 420));
        foreach (var part in prompt.Chunk(57))
        {
            var expected = there.Append(part);
            Assert.InRange(Distance(expected, here.Append(part)), 0, 0.01f * expected.Max(Math.Abs));
        }

        for (var i = 0; i < 12; i++)
        {
            var expected = there.Append(7 + i);
            Assert.InRange(Distance(expected, here.Append(7 + i)), 0, 0.01f * expected.Max(Math.Abs));
        }
    }

    [Fact]
    public void Blocks_behind_windows_are_anothers_and_tokens_stay_those_of_the_processor()
    {
        using var model = LanguageModel.Open(TestFiles.Shared("arch", "qwen3.gguf"));
        var graph = Changed(model.Graph, hasSinks: true, 11, 0);
        using var cpu = new CpuDevice(graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 32, Activations = ActivationPrecision.Int16 });
        using var device = new CudaDevice(graph, EmulatedCuda.Options() with { KvBlocks = 9, HostLogits = false });
        var expected = Generate(cpu, model, out _);
        Assert.Equal(expected, Generate(device, model, out var counters));
        Assert.True(counters.Preemptions > 0, "the pool was large enough");
        Assert.True(device.GraphsMade > 0, device.GraphFault);
    }

    // Layers that see all have two parts all the while; a long window has its second from position 144 on, a short one none.
    [Theory]
    [InlineData(11, 1)]
    [InlineData(300, 2)]
    public void A_graph_gives_the_bits_of_its_kernels_launched_one_by_one(int window, int graphsMade)
    {
        using var model = LanguageModel.Open(TestFiles.Shared("arch", "qwen3.gguf"));
        var graph = Changed(model.Graph, hasSinks: true, window, 0);
        using var graphs = EmulatedCuda.Open(graph, blocks: 16);
        using var kernels = new CudaDevice(graph, EmulatedCuda.Options() with { KvBlocks = 16, Graphs = false });
        var (first, second) = (new DeviceSequence(graphs, 200), new DeviceSequence(kernels, 200));
        int[] prompt = [.. Prompt, .. Prompt[..63]];
        first.Append(prompt);
        second.Append(prompt);
        for (var i = 0; i < 12; i++)
            Assert.Equal(second.Append(7 + i), first.Append(7 + i));
        Assert.Equal(graphsMade, graphs.GraphsMade);
    }

    // Windows that begin within a block, shorter and longer than one; below 0, chunks.
    private static DecoderGraph Changed(DecoderGraph graph, bool hasSinks, params int[] windows)
    {
        Assert.Equal(windows.Length, graph.Layers.Count);
        return graph with { Layers = [.. graph.Layers.Select((layer, index) => layer with { Branches = [Changed(layer.Branches[0], hasSinks, windows[index]), .. layer.Branches.Skip(1)] })] };
    }

    private static ResidualBranch Changed(ResidualBranch branch, bool hasSinks, int window)
    {
        var attention = (AttentionOperator)branch.Operators[0];
        return branch with { Operators = [attention with { Window = Math.Max(0, window), ChunkLength = Math.Max(0, -window), Sinks = hasSinks ? attention.QueryNorm : null }] };
    }

    private static float Distance(float[] a, float[] b) => a.Zip(b, static (x, y) => Math.Abs(x - y)).Max();

    private static List<List<int>> Generate(IDevice device, LanguageModel model, out EngineCounters counters)
    {
        var sink = new RecordingSink();
        using var engine = new InferenceEngine(device, model.Tokenizer, "windows", sink, new CpuPowerModel(1), new EngineOptions { MaxStepTokens = 32 });
        for (var id = 0; id < 3; id++)
        {
            engine.Submit(new InferenceRequest { Id = id, Prompt = Prompt.AsSpan(id, 40 + (9 * id)).ToArray(), MaxTokens = 20, IgnoreEndOfGeneration = true, Sampling = SamplingParameters.Greedy });
        }

        EngineHarness.Run(engine);
        counters = engine.Counters;
        return [.. Enumerable.Range(0, 3).Select(id => sink[id].Tokens)];
    }
}
