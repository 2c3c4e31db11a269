using Crescent.Engine.Cuda;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Scheduling;
using Crescent.Tests.Engine.Devices.Cpu;
using Crescent.Tests.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Cuda;

/// <summary>Models whose layers keep states, on one device of several emulated GPUs.</summary>
public sealed class CudaStateGroupTests : EmulatedCudaTest
{
    // No further off than one GPU is: see CudaGoldenTests.
    [Theory]
    [InlineData("qwen35", 2, 1.2e-2, 0.2)]
    [InlineData("qwen35moe", 2, 1.4e-2, 0.3)]
    [InlineData("qwen3next", 2, 1.3e-2, 0.2)]
    [InlineData("granitehybrid", 2, 1e-2, 0.3)]
    [InlineData("nemotron_h", 2, 6e-3, 0.12)]
    [InlineData("lfm2", 2, 6e-3, 6e-2)]
    [InlineData("lfm2moe", 2, 6e-3, 6e-2)]
    [InlineData("lfm2", 4, 6e-3, 6e-2)]
    [InlineData("nemotron_h", 4, 6e-3, 0.12)]
    [InlineData("nemotron_h", 4, 6e-3, 0.12, false)]
    [InlineData("qwen35", 2, 1.2e-2, 0.2, false)]
    public void A_model_that_is_shared_out_is_near_exact(string name, int gpus, double mean, double greatest, bool peers = true)
    {
        EmulatedCuda.Peers(peers);
        var file = GoldenFile.OfArchitecture(name);
        using var model = GgufFile.Open(file.Path);
        using var expanded = new ExpandedHeads(Architecture.Read(model));
        var (loaded, all) = (0L, 0L);
        var options = Options(gpus) with
        {
            KvBlocks = GoldenStep.KvBlocks,
            MaxStepTokens = GoldenStep.MaxStepTokens,
            MaxLogitRows = GoldenStep.MaxLogitRows,
            Progress = (done, of) => (loaded, all) = (done, of),
        };
        using var device = new CudaDevice(gpus == 2 ? Architecture.Read(model) : expanded.Graph, options);
        Assert.Equal(peers, device.Group.Direct);

        // All but vectors that are counted as matrices.
        Assert.InRange(loaded, all * 99 / 100, all);
        var errors = CudaGoldenTests.Errors(device, file, prompts: 1, tie: 0.03);
        Assert.InRange(errors.Average(), 0, mean);
        Assert.InRange(errors[^1], 0, greatest);
    }

    [Fact]
    public void There_are_as_many_states_as_fit_on_the_gpu_with_the_least_room()
    {
        using var file = GgufFile.Open(TestFiles.Shared("arch", "qwen35.gguf"));
        var graph = Architecture.Read(file);
        int Slots(long first, long second)
        {
            EmulatedCuda.SetMemory(0, first);
            EmulatedCuda.SetMemory(1, second);
            using var device = new CudaDevice(graph, Options(2) with { KvBlocks = 8, MaxStepTokens = 64, MaxLogitRows = 8, MemoryShare = 0.03 });
            Assert.All(device.Group.Ranks, rank => Assert.Equal(device.Info.StateSlots, rank.States!.Slots));
            return device.Info.StateSlots;
        }

        const long Most = 200L << 20;
        const long Less = 160L << 20;
        var all = Slots(Most, Most);
        Assert.InRange(all, 3, 127);
        Assert.InRange(Slots(Most, Less), 2, all - 1);
        Assert.InRange(Slots(Less, Most), 2, all - 1);
    }

    [Fact]
    public void Talks_go_on_from_states_in_the_host_and_who_is_put_off_says_the_same()
    {
        const int Talks = 4, Turns = 2, Question = 40, Answer = 10;
        using var model = new RealModel(
            TestFiles.Shared("arch", "qwen35.gguf"), model => new CudaDevice(model.Graph, Options(2) with { KvBlocks = 36, StateSlots = 3, HostLogits = false }));
        var sink = new RecordingSink();
        using var engine = model.Engine(model.Device(), sink, new EngineOptions { HostBlocks = 300 });
        var talks = StateTierTests.Talk(engine, sink, Talks, Turns, Question, Answer);
        Assert.True(engine.Counters.HostHitTokens > 0, "no state came back from the host");
        var together = new RecordingSink();
        using var other = model.Engine(model.Device(20), together, new EngineOptions { PrefixCache = false });
        for (var talk = 0; talk < Talks; talk++)
            other.Submit(new InferenceRequest { Id = talk, Prompt = [.. talks[talk][..^Answer]], MaxTokens = Answer, IgnoreEndOfGeneration = true });
        Run(other);
        Assert.True(other.Counters.Preemptions > 0, "nobody was put off");
        for (var talk = 0; talk < Talks; talk++)
            Assert.Equal(talks[talk][^Answer..], together[talk].Tokens);
    }

    private static CudaDeviceOptions Options(int gpus) => EmulatedCuda.Options() with { Name = $"cuda:{string.Join('+', Enumerable.Range(0, gpus))}", Gpus = [.. Enumerable.Range(0, gpus)] };
}
