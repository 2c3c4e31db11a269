using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Power;
using Crescent.Engine.Scheduling;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Engine.Devices.Simulated;

/// <summary>Simulated devices keep what devices that compute keep: blocks by group of layers, and states of sequences.</summary>
public sealed class SimulatedCachesTests
{
    private const int Talks = 6;

    [Fact]
    public void Layers_with_a_window_are_a_group_of_their_own()
    {
        var info = Device("sim:h100-sxm", "gpt-oss-20b-fp8").Info;
        Assert.Equal([default, new KvReach(128)], info.KvGroups);
        Assert.Equal(0, info.StateSlots);

        // 12 layers, 8 heads of 64 values, keys and values of 16 positions in a byte each.
        Assert.Equal(12 * 2 * 8 * 64 * 16, info.BlockBytes);
        Assert.Equal(131_072, info.MaxContext);
        Assert.Equal([default, new KvReach(8192), new KvReach(8192), new KvReach(8192)], Device("sim:h100-sxm:tp8", "llama-4-scout-fp8").Info.KvGroups);
    }

    [Theory]
    [InlineData("sim:h100-sxm", "qwen3.6-35b-a3b-fp8")]
    [InlineData("sim:h200:tp2", "qwen3.6-35b-a3b-bf16")]
    public void Memory_is_shared_out_among_blocks_and_states(string gpus, string model)
    {
        var device = Device(gpus, model);
        var info = device.Info;
        Assert.Equal([default], info.KvGroups);
        Assert.Equal(device.Shape.SequenceStateBytes, info.StateBytes);
        var bytes = SimulatedDevice.KvBytes(device.Spec.Gpu, device.Spec.TensorParallel, device.Shape);
        Assert.InRange(((double)info.StateSlots * info.StateBytes) + ((double)info.BlockCount * info.BlockBytes), bytes - info.StateBytes - info.BlockBytes, bytes);

        // Sequences of 8,192 positions each have two states.
        Assert.Equal(1, 2.0 * info.BlockCount * info.BlockSize / ModelShape.TypicalPositions / info.StateSlots, 0.02);
    }

    [Fact]
    public void A_model_of_one_kind_of_layers_has_the_blocks_it_had()
    {
        var device = Device("sim:h100-sxm:tp4", "llama-3-70b-fp8");
        Assert.Equal([default], device.Info.KvGroups);
        Assert.Equal(163_840 * 16, device.Info.BlockBytes);
        Assert.Equal((int)(SimulatedDevice.Sequences(device.Spec.Gpu, 4, device.Shape, positions: 16)), device.Info.BlockCount);
    }

    [Fact]
    public void What_decodes_reads_its_state_and_a_longer_context_costs_what_the_other_layers_keep()
    {
        var shape = SimulatedModels.Find("qwen3.6-35b-a3b-fp8");
        var (with, without) = (new StepTimeModel(GpuModels.Find("h100-sxm"), shape, 1), new StepTimeModel(GpuModels.Find("h100-sxm"), shape with { StateBytes = 1 }, 1));
        var work = new StepWork { DecodeSequences = 64, DecodeContext = 64 * 1000, DecodeLocalContext = 64 * 1000, LogitRows = 64 };

        // 64 x 66 MB there and back at 79 % of 3.35 TB/s.
        Assert.Equal(64 * 2 * 65.86e6 / (0.79 * 3.35e12), with.Estimate(work).MemorySeconds - without.Estimate(work).MemorySeconds, 2e-4);
    }

    [Theory]
    [InlineData("gpt-oss-20b-fp8", false)]
    [InlineData("qwen3.6-35b-a3b-fp8", true)]
    public void Its_engine_finds_beginnings_again_on_the_device_and_in_the_host_tier(string model, bool states)
    {
        var simulated = Device("sim:h100-sxm", model);
        var device = new SmallSimulatedDevice(simulated, blocks: 300, states: states ? 4 : 0);
        var sink = new RecordingSink();
        using var engine = new InferenceEngine(
            device, new LetterTokenizer(), model, sink, new CpuPowerModel(1), new EngineOptions { MaxStepTokens = 512, HostBlocks = 4000, ItlSeconds = 1, BatchItlSeconds = 1 });
        for (var round = 0; round < 2; round++)
        {
            for (var talk = 0; talk < Talks; talk++)
            {
                var id = (round * Talks) + talk;
                int[] prompt = [.. EngineHarness.Prompt(talk, 1000), .. EngineHarness.Prompt(90 + talk, 100 * round)];
                engine.Submit(new InferenceRequest { Id = id, Prompt = prompt, MaxTokens = 8, IgnoreEndOfGeneration = true });
                EngineHarness.Run(engine);
                Assert.InRange(sink[id].Usage!.CachedTokens, round == 0 ? 0 : 976, round == 0 ? 0 : 992);
            }
        }

        Assert.True(engine.Counters.HostHitTokens > 0);
    }

    [Theory]
    [InlineData("sim:h100-sxm", "qwen3.6-35b-a3b-fp8", 1024)]
    [InlineData("sim:h100-sxm", "qwen3.6-35b-a3b-fp8", 32_768)]
    [InlineData("sim:h100-sxm:tp8", "llama-3-70b-fp8", 8192)]
    public void As_many_sequences_fit_as_the_device_has_blocks_and_states_for(string gpus, string model, int positions)
    {
        var device = Device(gpus, model);
        var blocks = device.Info.BlockCount / (positions / device.Info.BlockSize);
        var sequences = device.Info.StateSlots > 0 ? Math.Min(blocks, device.Info.StateSlots) : blocks;
        Assert.InRange(SimulatedDevice.Sequences(device.Spec.Gpu, device.Spec.TensorParallel, device.Shape, positions: positions), sequences, sequences + 1);
        Assert.Equal(device.Info.MaxContext, SimulatedDevice.MaxPositions(device.Spec, device.Shape, device.Info.BlockSize, device.Info.MaxStepTokens));
    }

    [Theory]
    [InlineData(16, 2048)]
    [InlineData(512, 2048)]
    [InlineData(3000, 2816)]
    [InlineData(8192, 8192)]
    [InlineData(65_536, 8192)]
    public void States_in_the_midst_of_a_prompt_are_whole_blocks_apart(int stepTokens, int positions) => Assert.Equal(positions, KeptStates.IntervalFor(stepTokens));

    private static SimulatedDevice Device(string gpus, string model) =>
        new(SimulatedDeviceSpec.Parse(gpus), 0, SimulatedModels.Find(model), new SimulatedText(new LetterTokenizer()));

    /// <summary>A simulated device with less memory.</summary>
    private sealed class SmallSimulatedDevice(SimulatedDevice device, int blocks, int states) : IDevice
    {
        public DeviceInfo Info { get; } = device.Info with { BlockCount = blocks, StateSlots = states };

        public void Begin(StepPlan plan) => device.Begin(plan);

        public StepResult End() => device.End();

        public void CopyBlock(int from, int to) => device.CopyBlock(from, to);

        public void BeginCopies(ReadOnlySpan<KvCopy> copies) => device.BeginCopies(copies);

        public void Dispose() => device.Dispose();
    }
}
