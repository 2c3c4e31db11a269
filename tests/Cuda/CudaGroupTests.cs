using Crescent.Engine.Cuda;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.GpuCheck.Model;
using Crescent.Tests.Engine.Devices.Cpu;
using ManagedCuda;

namespace Crescent.Tests.Cuda;

/// <summary>One device of several emulated GPUs, which share a model out.</summary>
public sealed class CudaGroupTests : EmulatedCudaTest
{
    private const int IllegalAddress = 700;
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 45).Select(static i => ((i * 37) % 500) + 3)];

    // No further off than one GPU is: see CudaGoldenTests.
    [Theory]
    [InlineData("llama-spm", 2)]
    [InlineData("qwen2", 2)]
    [InlineData("qwen3moe", 2)]
    [InlineData("gpt-oss", 2)]
    [InlineData("gemma3", 2)]
    [InlineData("llama-spm", 4)]
    [InlineData("qwen3", 4)]
    [InlineData("qwen3moe", 4)]
    [InlineData("gemma3", 4)]
    [InlineData("deepseek2", 2, false, 2.5e-2, 2, 20)]
    [InlineData("gemma4", 2, true, 2.2e-2, 0.3)]
    [InlineData("gemma4-moe", 2, false, 2.5e-2, 2, 20, 0.8)]
    public void A_model_that_is_shared_out_is_near_exact(string name, int gpus, bool peers = true, double mean = 7e-3, double greatest = 6e-2, int apart = 0, double tie = 0.03)
    {
        EmulatedCuda.Peers(peers);
        var file = GoldenFile.OfArchitecture(name);
        using var model = GgufFile.Open(file.Path);
        using var expanded = gpus == 2 ? null : new ExpandedHeads(Architecture.Read(model));
        using var device = Open(expanded?.Graph ?? Architecture.Read(model), gpus, GoldenStep.KvBlocks);
        var errors = CudaGoldenTests.Errors(device, file, prompts: 1, tie);
        Assert.Equal(peers, device.Group.Direct);
        Assert.InRange(errors.Average(), 0, mean);
        Assert.InRange(errors[^1], 0, greatest);
        Assert.InRange(errors[^(apart + 1)], 0, Math.Min(greatest, 0.3));
    }

    [Theory]
    [InlineData("Q4_K_M", 4)]
    [InlineData("Q3_K_M", 2)]
    public void A_quantised_file_that_is_shared_out_is_nearer_to_exact_than_llama_cpp_by_far(string name, int gpus)
    {
        var file = GoldenFile.OfFormat(name);
        using var model = GgufFile.Open(file.Path);
        using var expanded = new ExpandedHeads(Architecture.Read(model));
        using var device = Open(gpus == 2 ? Architecture.Read(model) : expanded.Graph, gpus, GoldenStep.KvBlocks);
        Assert.InRange(CudaGoldenTests.Errors(device, file, prompts: 1, tie: 0.05).Average(), 0, 0.1 * file.Goldens.LlamacppError.Mean);
    }

    [Fact]
    public void Experts_in_MXFP4_that_do_not_divide_evenly_give_the_processors_tokens()
    {
        using var folder = new TemporaryFolder();
        var path = folder.At("oss.gguf");
        SmallGptOss.Write(path, kvHeads: 4, hidden: 160);
        using var file = GgufFile.Open(path);
        var graph = Architecture.Read(file);
        using var cpu = new CpuDevice(graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 64, Activations = ActivationPrecision.Int16 });
        using var device = Open(graph, 4);
        int[][] prompts = [Prompt[..20], Prompt[5..9], Prompt[20..26]];
        var compared = 0;
        foreach (var (there, here) in new Greedy(cpu).Run(prompts, 5).Zip(new Greedy(device).Run(prompts, 5)))
        {
            var tie = there.Gaps.FindIndex(static gap => gap < 0.05f);
            compared += tie = tie < 0 ? there.Tokens.Count : tie;
            Assert.Equal(there.Tokens[..tie], here.Tokens[..tie]);
        }

        Assert.True(compared > 5, $"but for {compared} all tokens are ties");
    }

    [Fact]
    public void Sums_have_the_same_bits_on_all_gpus_however_they_come_about()
    {
        using var file = GgufFile.Open(TestFiles.Shared("arch", "gemma3.gguf"));
        using var expanded = new ExpandedHeads(Architecture.Read(file));
        float[]? expected = null;
        foreach (var (peers, direct) in new[] { (true, int.MaxValue), (true, 0), (false, 0) })
        {
            EmulatedCuda.Peers(peers);
            using var device = Open(expanded.Graph, 4);
            Assert.Equal(peers, device.Group.Direct);
            Assert.Contains(peers ? "4 GPUs (peer access)" : "4 GPUs (copies between them)", device.Info.Description, StringComparison.Ordinal);
            foreach (var rank in device.Group.Ranks)
                rank.Sums!.DirectFloats = direct;
            var sequence = new DeviceSequence(device, 64);
            sequence.Append(Prompt.AsSpan(0, 9));
            float[] logits = [.. sequence.Append(7), .. sequence.Append(9, 11, 13)];
            expected ??= logits;
            Assert.Equal(expected, logits);
            var streams = device.Group.Ranks.Select(static rank => Residual(rank, 3)).ToArray();
            Assert.All(streams, stream => Assert.Equal(streams[0], stream));
            Assert.True(streams[0].Any(static value => value != 0), "nothing was computed");
        }

        EmulatedCuda.Peers(true);
        using var switched = new CudaDevice(expanded.Graph, Options(4) with { KvBlocks = 8, MaxStepTokens = 64, PeerAccess = false });
        Assert.False(switched.Group.Direct);
    }

    [Theory]
    [InlineData("qwen3", 2, true)]
    [InlineData("gemma3", 2, false)]
    [InlineData("qwen3moe", 4, true)]
    [InlineData("qwen35", 2, true)]
    [InlineData("nemotron_h", 2, true)]
    [InlineData("gemma4-moe", 2, true)]
    [InlineData("deepseek2", 2, false)]
    public void A_graph_of_several_gpus_gives_the_bits_of_its_kernels_launched_one_by_one(string name, int gpus, bool peers)
    {
        EmulatedCuda.Peers(peers);
        using var file = GgufFile.Open(TestFiles.Shared("arch", $"{name}.gguf"));
        using var expanded = gpus == 2 ? null : new ExpandedHeads(Architecture.Read(file));
        var graph = expanded?.Graph ?? Architecture.Read(file);
        using var graphs = new CudaDevice(graph, Options(gpus));
        using var kernels = new CudaDevice(graph, Options(gpus) with { Graphs = false });
        var launched = EmulatedCuda.Counters(0).GraphLaunches;
        foreach (var batch in new[] { 1, 3 })
            for (var step = 0; step < 3; step++)
                Assert.Equal(DecodeSteps.Logits(kernels, batch, step), DecodeSteps.Logits(graphs, batch, step));
        Assert.Equal(6, EmulatedCuda.Counters(0).GraphLaunches - launched);
        Assert.Equal((2, null), (graphs.GraphsMade, graphs.GraphFault));

        EmulatedCuda.Fail(1, IllegalAddress, 5);
        Assert.Contains($"cuda:1 of {graphs.Info.Name}", Assert.Throws<CudaDeviceException>(() => DecodeSteps.Logits(graphs, 1, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_copies_between_gpus_cannot_be_captured_kernels_are_launched_one_by_one()
    {
        EmulatedCuda.Peers(false);
        EmulatedCuda.CapturesCopies(false);
        using var file = GgufFile.Open(TestFiles.TinyModel);
        using var device = Open(Architecture.Read(file), 2);
        var first = DecodeSteps.Logits(device, 1, 0);
        Assert.Equal(first, DecodeSteps.Logits(device, 1, 0));
        Assert.Contains("CUDA_ERROR_NOT_SUPPORTED", device.GraphFault, StringComparison.Ordinal);
        Assert.Equal(0, device.GraphsMade);
    }

    // What all GPUs compute whole too: latent rows, routers with norms of their own, per-layer embeddings, which are the last of a layer.
    [Theory]
    [InlineData("deepseek2", 2)]
    [InlineData("gemma4", 2)]
    [InlineData("gemma4-moe", 3)]
    public void Streams_of_all_kinds_have_the_same_bits_on_both_gpus(string name, int sumsOfLayer)
    {
        using var file = GgufFile.Open(TestFiles.Shared("arch", $"{name}.gguf"));
        var graph = Architecture.Read(file);
        float[]? expected = null;
        foreach (var peers in new[] { true, false })
        {
            EmulatedCuda.Peers(peers);
            using var device = Open(graph, 2);
            Assert.All(device.Group.Ranks, rank => Assert.Equal(sumsOfLayer * graph.Layers.Count, rank.Decoder.SumCount));
            var sequence = new DeviceSequence(device, 64);
            float[] logits = [.. sequence.Append(Prompt), .. sequence.Append(7), .. sequence.Append(9, 11, 13)];
            expected ??= logits;
            Assert.Equal(expected, logits);
            float[][] streams = [.. device.Group.Ranks.Select(static rank => Residual(rank, 3))];
            Assert.Equal(streams[0], streams[1]);
            Assert.True(streams[0].Any(static value => value != 0), "nothing was computed");
        }
    }

    [Fact]
    public void A_block_is_copied_out_and_in_with_the_shares_of_all_gpus()
    {
        using var file = GgufFile.Open(TestFiles.Shared("arch", "qwen3.gguf"));
        var graph = Architecture.Read(file);
        using var alone = EmulatedCuda.Open(graph);
        using var device = Open(graph, 2);
        Assert.Equal(alone.Info.BlockBytes, device.Info.BlockBytes);
        var sequence = new DeviceSequence(device, 64);
        sequence.Append(Prompt);
        var expected = sequence.Append(7);
        var blocks = Enumerable.Range(0, 4).Select(_ => new byte[device.Info.BlockBytes]).ToArray();
        for (var i = 0; i < 4; i++)
            device.ReadBlock(i, blocks[i]);
        new DeviceSequence(device, 64).Append([.. Prompt.Reverse()]);
        for (var i = 0; i < 4; i++)
        {
            device.WriteBlock(40 + i, blocks[i]);
            device.CopyBlock(40 + i, 50 + i);
        }

        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        var row = plan.Add([7], Prompt.Length, [50, 51, 52, 53], LogitsWanted.Last);
        Assert.Equal(expected, device.Execute(plan).Logits(row).ToArray());
    }

    [Fact]
    public void An_error_that_stays_with_one_gpu_makes_the_device_sick_and_no_other_and_a_new_one_opens()
    {
        using var file = GgufFile.Open(TestFiles.Shared("arch", "qwen3.gguf"));
        var graph = Architecture.Read(file);
        using var other = new CudaDevice(graph, EmulatedCuda.Options(2));
        float[] expected;
        using (var device = Open(graph, 2))
        {
            expected = new DeviceSequence(device, 64).Append(Prompt);
            EmulatedCuda.Fail(1, IllegalAddress, 20);
            var fault = Assert.Throws<CudaDeviceException>(() => new DeviceSequence(device, 64).Append(Prompt));
            Assert.Contains("cuda:1 of cuda:0+1", fault.Message, StringComparison.Ordinal);
            Assert.Contains("CUDA_ERROR_ILLEGAL_ADDRESS (700)", fault.Message, StringComparison.Ordinal);
            Assert.Contains("must be opened again", fault.Message, StringComparison.Ordinal);
            Assert.Equal(fault.Message, Assert.Throws<CudaDeviceException>(() => new DeviceSequence(device, 64).Append(5)).Message);
            Assert.All(device.Group.Ranks, static rank => Assert.True(rank.Context.IsSick));
            Assert.Throws<CudaDeviceException>(() => device.CopyBlock(0, 1));
            Assert.Equal(LogProbabilities.ArgMax(expected), LogProbabilities.ArgMax(new DeviceSequence(other, 64).Append(Prompt)));
        }

        for (var gpu = 0; gpu < 2; gpu++)
            Assert.Equal(0, EmulatedCuda.Counters(gpu).BytesInUse);
        using var again = Open(graph, 2);
        Assert.Equal(expected, new DeviceSequence(again, 64).Append(Prompt));
    }

    [Fact]
    public void A_gpu_that_is_lost_is_noticed_while_another_waits_for_it()
    {
        using var file = GgufFile.Open(TestFiles.TinyModel);
        using var device = Open(Architecture.Read(file), 2);
        EmulatedCuda.Hold(1, true);
        device.Begin(OneToken(device));
        EmulatedCuda.Break(1, IllegalAddress);
        Assert.Contains("cuda:1 of cuda:0+1", Assert.Throws<CudaDeviceException>(() => device.End()).Message, StringComparison.Ordinal);
        EmulatedCuda.Hold(1, false);
    }

    [Fact]
    public void A_gpu_that_never_finishes_is_given_up_and_can_be_opened_again()
    {
        using var file = GgufFile.Open(TestFiles.TinyModel);
        var graph = Architecture.Read(file);
        using (var device = new CudaDevice(graph, Options(2) with { StepLimit = TimeSpan.FromSeconds(3) }))
        {
            device.Execute(OneToken(device));
            EmulatedCuda.Hold(1, true);
            device.Begin(OneToken(device));
            var fault = Assert.Throws<CudaDeviceException>(() => device.End());
            Assert.Contains("has not finished its work in 3 s", fault.Message, StringComparison.Ordinal);
            Assert.Contains("must be opened again", fault.Message, StringComparison.Ordinal);
            Assert.Equal(fault.Message, Assert.Throws<CudaDeviceException>(() => device.Begin(OneToken(device))).Message);
            EmulatedCuda.Hold(1, false);
        }

        using var again = Open(graph, 2);
        again.Execute(OneToken(again));
    }

    [Fact]
    public void Each_gpu_has_its_share_of_the_memory_and_the_blocks_are_as_many_as_fit_on_all()
    {
        using var file = GgufFile.Open(TestFiles.TinyModel);
        var graph = Architecture.Read(file);
        int Blocks(long first, long second)
        {
            EmulatedCuda.SetMemory(0, first);
            EmulatedCuda.SetMemory(1, second);
            using var device = new CudaDevice(graph, Options(2) with { KvBlocks = 0, MaxStepTokens = 64, MemoryShare = 0.02 });
            return device.Info.BlockCount;
        }

        const long Most = 500L << 20;
        const long Less = 400L << 20;
        var least = Blocks(Most, Less);
        Assert.True(least < Blocks(Most, Most), "the smaller GPU did not count");
        // The first has logits and what tokens are drawn with beside.
        Assert.InRange(Blocks(Less, Less), least * 4 / 5, least);
    }

    [Fact]
    public void A_step_of_two_gpus_allocates_nothing_and_a_closed_device_leaves_nothing_behind()
    {
        using var file = GgufFile.Open(TestFiles.TinyModel);
        using (var device = Open(Architecture.Read(file), 2))
        {
            var plan = OneToken(device);
            device.Execute(plan);
            device.Execute(plan);
            var before = GC.GetAllocatedBytesForCurrentThread();
            device.Execute(plan);
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Equal([0, 1], device.Gpus.Select(static gpu => gpu.Index));
            Assert.Equal(1, device.GraphsMade);
        }

        for (var gpu = 0; gpu < 2; gpu++)
            Assert.Equal(0, EmulatedCuda.Counters(gpu).BytesInUse);
    }

    [Fact]
    public void A_gpu_that_is_named_twice_or_is_not_there_is_told()
    {
        using var file = GgufFile.Open(TestFiles.TinyModel);
        var graph = Architecture.Read(file);
        Assert.Contains("once", Assert.Throws<ArgumentOutOfRangeException>(() => new CudaDevice(graph, Options(2) with { Gpus = [1, 1] })).Message, StringComparison.Ordinal);
        Assert.Contains("There is no GPU cuda:9", Assert.Throws<CudaDeviceException>(() => new CudaDevice(graph, Options(2) with { Gpus = [0, 9] })).Message, StringComparison.Ordinal);
        Assert.Equal(0, EmulatedCuda.Counters(0).BytesInUse);
    }

    private static CudaDeviceOptions Options(int gpus) => EmulatedCuda.Options() with { Name = $"cuda:{string.Join('+', Enumerable.Range(0, gpus))}", Gpus = [.. Enumerable.Range(0, gpus)] };

    private static CudaDevice Open(DecoderGraph graph, int gpus, int blocks = 128) =>
        new(graph, Options(gpus) with { KvBlocks = blocks, MaxStepTokens = GoldenStep.MaxStepTokens, MaxLogitRows = GoldenStep.MaxLogitRows });

    private static StepPlan OneToken(CudaDevice device)
    {
        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        plan.Add([3], 0, [0], LogitsWanted.Last);
        return plan;
    }

    private static unsafe float[] Residual(CudaRank rank, int tokens)
    {
        var values = new float[tokens * rank.Weights.Embedding.Columns];
        rank.Context.Enter();
        fixed (float* target = values)
        {
            rank.Context.Check(
                DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2((nint)target, rank.Decoder.Residual.Pointer, 4L * values.Length, rank.Context.Stream), "copy");
            rank.Context.Synchronize();
        }

        return values;
    }
}
