using Crescent.Engine.Cuda;
using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;
using Crescent.GpuCheck.Model;
using Crescent.Tests.Engine.Devices.Cpu;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Cuda;

/// <summary>Layers whose heads have different shapes, or that see the keys and values of others, on the emulated GPU.</summary>
public sealed class CudaShapeTests : EmulatedCudaTest
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 75).Select(static i => ((i * 37) % 500) + 3)];

    [Fact]
    public void Layers_of_which_one_has_a_key_head_for_each_query_head_give_the_processors_logits()
    {
        using var model = LanguageModel.Open(TestFiles.Shared("arch", "qwen3.gguf"));
        using var expanded = new ExpandedHeads(model.Graph);
        Near(model.Graph with { Layers = [expanded.Graph.Layers[0], .. model.Graph.Layers.Skip(1)] }, gpus: 1);
        Near(model.Graph with { Layers = [.. model.Graph.Layers.SkipLast(1), expanded.Graph.Layers[^1]] }, gpus: 1);
    }

    [Fact]
    public void Layers_with_heads_of_few_and_of_many_values_give_the_processors_logits()
    {
        using var folder = new TemporaryFolder();
        using var few = Written(folder.At("few.gguf"), 64);
        using var many = Written(folder.At("many.gguf"), 512);
        var graph = Architecture.Read(few);
        Near(graph with { Layers = [graph.Layers[0], Architecture.Read(many).Layers[1]] }, gpus: 1);
    }

    // With per-layer embeddings, layers that see the keys of others, keys that are values, and parts with norms of their own.
    [Theory]
    [InlineData("gemma4", 1)]
    [InlineData("gemma4", 2)]
    [InlineData("gemma4-moe", 1)]
    [InlineData("gemma4-moe", 2)]
    public void A_whole_gemma4_gives_the_processors_logits(string name, int gpus)
    {
        using var model = LanguageModel.Open(TestFiles.Shared("arch", $"{name}.gguf"));
        Near(Softened(model.Graph), gpus, gpus == 1 ? [1, 3, 30, Prompt.Length] : [3, 30, Prompt.Length]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Parts_of_which_one_has_no_norm_behind_it_give_the_processors_logits(int gpus)
    {
        using var model = LanguageModel.Open(TestFiles.Shared("arch", "gemma4-moe.gguf"));
        var graph = Softened(model.Graph);
        Near(
            graph with
            {
                Layers = [.. graph.Layers.Select(static (layer, at) => layer with { Branches = [layer.Branches[0], layer.Branches[1] with { Parts = Bare(layer.Branches[1].Parts, at % 2) }] })],
            },
            gpus,
            chunks: [Prompt.Length]);
    }

    [Theory]
    [InlineData("gemma4")]
    [InlineData("gemma4-moe")]
    public void What_is_shared_preempted_and_kept_in_the_hosts_memory_leaves_the_processors_tokens(string name)
    {
        using var model = LanguageModel.Open(TestFiles.Shared("arch", $"{name}.gguf"));
        var graph = Softened(model.Graph);
        using var cpu = new CpuDevice(graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 64, Activations = ActivationPrecision.Int16 });
        using var device = new CudaDevice(graph, EmulatedCuda.Options() with { KvBlocks = 5, HostLogits = false });
        var expected = Generate(cpu, model, hostBlocks: 0, out _);
        Assert.Equal(expected, Generate(device, model, hostBlocks: 16, out var counters));
        Assert.True(counters.Preemptions > 0, "the pool was large enough");
        Assert.True(counters.PrefixHitTokens > 0, "nothing was shared");
        Assert.True(device.GraphsMade > 0, device.GraphFault);
    }

    private static GgufFile Written(string path, int headSize)
    {
        new SyntheticModel("heads", GgmlType.Q8_0, Layers: 2, Width: 128, FeedForward: 128, Heads: 4, KvHeads: 2, HeadSize: headSize, Vocabulary: 512).Write(path);
        return GgufFile.Open(path);
    }

    private static ResidualBranch[] Bare(IReadOnlyList<ResidualBranch> parts, int which) => [.. parts.Select((part, at) => at == which ? part with { PostNorm = null } : part)];

    // Scores that are not scaled make much of what halves lose of queries and keys: here, what is done with them is compared.
    private static DecoderGraph Softened(DecoderGraph graph)
    {
        var changed = new Dictionary<LayerOperator, AttentionOperator>(ReferenceEqualityComparer.Instance);
        return graph with
        {
            Layers = [.. graph.Layers.Select(layer => layer with { Branches = [.. layer.Branches.Select(branch => branch with { Operators = [.. branch.Operators.Select(Soften)] })] })],
        };

        LayerOperator Soften(LayerOperator step) => step is AttentionOperator attention
            ? changed[attention] = attention with { Scale = 0.2f, KeysOf = attention.KeysOf is { } owner ? changed[owner] : null }
            : step;
    }

    // Unless told otherwise of one token a step, of few, of many, of all.
    private static void Near(DecoderGraph graph, int gpus, params ReadOnlySpan<int> chunks)
    {
        using var cpu = new CpuDevice(graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 16, Activations = ActivationPrecision.Int16 });
        using var device = new CudaDevice(graph, EmulatedCuda.Options() with { Name = gpus == 1 ? "cuda:0" : "cuda:0+1", Gpus = [.. Enumerable.Range(0, gpus)], KvBlocks = 16 });
        var expected = new DeviceSequence(cpu, Prompt.Length).Append(Prompt);
        foreach (var chunk in chunks.IsEmpty ? [1, 3, 30, Prompt.Length] : chunks)
        {
            var found = new DeviceSequence(device, Prompt.Length).AppendChunked(Prompt, chunk);
            Assert.InRange(expected.Zip(found).Max(static pair => Math.Abs(pair.First - pair.Second)), 0, 0.01f * expected.Max(Math.Abs));
        }
    }

    private static List<List<int>> Generate(IDevice device, LanguageModel model, int hostBlocks, out EngineCounters counters)
    {
        var sink = new RecordingSink();
        using var engine = new InferenceEngine(device, model.Tokenizer, "shapes", sink, new CpuPowerModel(1), new EngineOptions { MaxStepTokens = 32, HostBlocks = hostBlocks });
        for (var id = 0; id < 3; id++)
        {
            engine.Submit(new InferenceRequest
            {
                Id = id,
                Prompt = [.. Prompt[..32], .. Prompt.AsSpan(32 + id, 9 * (id + 1))],
                MaxTokens = 20,
                IgnoreEndOfGeneration = true,
                Sampling = SamplingParameters.Greedy,
            });
        }

        EngineHarness.Run(engine);
        counters = engine.Counters;
        return [.. Enumerable.Range(0, 3).Select(id => sink[id].Tokens)];
    }
}
