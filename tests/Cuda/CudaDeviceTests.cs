using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;
using Crescent.GpuCheck.Model;
using Crescent.Tests.Engine.Devices.Cpu;

namespace Crescent.Tests.Cuda;

/// <summary>The CUDA device on the emulated driver with the embedded model.</summary>
public sealed class CudaDeviceTests : EmulatedCudaTest
{
    private const int Sticky = 719;
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 45).Select(static i => (i * 37) % 500)];

    [Fact]
    public void A_token_has_the_same_bits_alone_batched_and_chunked()
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        using var device = EmulatedCuda.Open(model.Graph);
        var alone = new DeviceSequence(device, 64).Append(Prompt);
        var chunked = new DeviceSequence(device, 64, firstBlock: 8).AppendChunked(Prompt, 7);
        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        new DeviceSequence(device, 64, firstBlock: 16).AddTo(plan, Prompt.AsSpan(9, 11), LogitsWanted.Last);
        var row = new DeviceSequence(device, 64, firstBlock: 24, blockStep: 2).AddTo(plan, Prompt, LogitsWanted.Last);
        var batched = device.Execute(plan).Logits(row).ToArray();

        Assert.Equal(alone, batched);

        // Chunks share a context out otherwise, so that sums are others in their last bits.
        Assert.Equal(LogProbabilities.ArgMax(alone), LogProbabilities.ArgMax(chunked));
        Assert.InRange(alone.Zip(chunked).Max(static pair => Math.Abs(pair.First - pair.Second)), 0, 0.05f);
    }

    [Fact]
    public void A_block_that_was_copied_out_and_in_is_the_same_context()
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        using var device = EmulatedCuda.Open(model.Graph);
        var sequence = new DeviceSequence(device, 64);
        sequence.Append(Prompt);
        var expected = sequence.Append(7);
        var block = new byte[device.Info.BlockBytes];
        for (var i = 0; i < 4; i++)
        {
            device.ReadBlock(i, block);
            device.WriteBlock(40 + i, block);
            device.CopyBlock(40 + i, 50 + i);
        }

        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        var row = plan.Add([7], Prompt.Length, [50, 51, 52, 53], LogitsWanted.Last);
        Assert.Equal(expected, device.Execute(plan).Logits(row).ToArray());
    }

    [Fact]
    public void Hidden_states_are_those_of_the_processor()
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        using var device = EmulatedCuda.Open(model.Graph);
        using var cpu = new CpuDevice(model.Graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 8, Activations = ActivationPrecision.Int16 });
        var (expected, found) = (HiddenState(cpu), HiddenState(device));
        Assert.InRange(expected.Zip(found).Max(static pair => Math.Abs(pair.First - pair.Second)), 0, 0.02 * expected.Max(Math.Abs));

        static float[] HiddenState(IDevice device)
        {
            var plan = new StepPlan(KvBlockSize.Of(device.Info));
            plan.Add(Prompt.AsSpan(0, 20), 0, [0, 1], LogitsWanted.None, hiddenStates: true);
            return device.Execute(plan).HiddenState(13).ToArray();
        }
    }

    [Theory]
    [InlineData(136)]
    [InlineData(256)]
    [InlineData(264)]
    [InlineData(512)]
    public void Heads_of_many_values_give_the_processors_logits(int size)
    {
        var model = new SyntheticModel("heads", GgmlType.Q8_0, Layers: 2, Width: 128, FeedForward: 128, Heads: 4, KvHeads: 2, HeadSize: size, Vocabulary: 256);
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "heads.gguf");
        model.Write(path);
        using var file = GgufFile.Open(path);
        var graph = Crescent.Engine.Model.Architectures.Architecture.Read(file);
        using var cpu = new CpuDevice(graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 16, Activations = ActivationPrecision.Int16 });
        using var device = EmulatedCuda.Open(graph, blocks: 16);
        int[] tokens = [.. Prompt.Select(static token => token % 256)];
        var expected = new DeviceSequence(cpu, tokens.Length).Append(tokens);
        foreach (var chunk in new[] { 1, 5, tokens.Length })
        {
            var found = new DeviceSequence(device, tokens.Length).AppendChunked(tokens, chunk);
            Assert.InRange(expected.Zip(found).Max(static pair => Math.Abs(pair.First - pair.Second)), 0, 0.02f * expected.Max(Math.Abs));
        }
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        using var device = EmulatedCuda.Open(model.Graph);
        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        plan.Add([3], 0, [0], LogitsWanted.Last);
        device.Execute(plan);
        device.Execute(plan);
        var before = GC.GetAllocatedBytesForCurrentThread();
        device.Execute(plan);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void An_engine_draws_the_tokens_of_the_processor()
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        using var device = EmulatedCuda.Open(model.Graph);
        using var cpu = new CpuDevice(model.Graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 64, Activations = ActivationPrecision.Int16 });
        Assert.Equal(Generate(cpu, model), Generate(device, model));
    }

    [Fact]
    public void An_error_that_stays_fails_every_call_until_the_device_is_opened_again()
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        float[] expected;
        using (var device = EmulatedCuda.Open(model.Graph))
        {
            expected = new DeviceSequence(device, 64).Append(Prompt);
            EmulatedCuda.Fail(0, Sticky, 5);
            var fault = Assert.Throws<CudaDeviceException>(() => new DeviceSequence(device, 64).Append(Prompt));
            Assert.Contains("719", fault.Message);
            Assert.Contains("opened again", fault.Message);
            Assert.Equal(fault.Message, Assert.Throws<CudaDeviceException>(() => new DeviceSequence(device, 64).Append(1)).Message);
        }

        using var again = EmulatedCuda.Open(model.Graph);
        Assert.Equal(expected, new DeviceSequence(again, 64).Append(Prompt));
    }

    [Fact]
    public void Memory_that_is_not_there_is_told_with_sizes_and_what_helps()
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        var fault = Assert.Throws<CudaDeviceException>(() => EmulatedCuda.Open(model.Graph, blocks: 1_000_000));
        Assert.Contains("keys and values", fault.Message);
        Assert.Contains("MB for weights", fault.Message);
        Assert.Contains("fewer KV blocks", fault.Message);

        // What was taken before is given back.
        using var device = EmulatedCuda.Open(model.Graph);
        Assert.Equal(128, device.Info.BlockCount);
    }

    [Fact]
    public void A_GPU_that_is_not_there_is_told_with_those_that_are()
    {
        Assert.Contains("cuda:0", Assert.Throws<CudaDeviceException>(() => CudaGpu.Of(200)).Message);
    }

    [Theory]
    [InlineData(140, false)]
    [InlineData(141, true)]
    public void A_scale_of_mxfp4_that_no_half_holds_is_refused_by_the_tensors_name(byte scale, bool isRefused)
    {
        var path = TestFiles.Shared("arch", "gpt-oss-MXFP4.gguf");
        var bytes = File.ReadAllBytes(path);
        string name;
        using (var original = GgufFile.Open(path))
        {
            var tensor = original.Tensors.Values.First(static tensor => tensor.Type == GgmlType.MXFP4);
            name = tensor.Name;
            bytes[bytes.AsSpan().IndexOf(tensor.Row(0)) + 17] = scale;
        }

        var changed = Path.Combine(Path.GetTempPath(), $"scale-{Guid.NewGuid():N}.gguf");
        File.WriteAllBytes(changed, bytes);
        try
        {
            using var model = LanguageModel.Open(changed);
            if (isRefused)
            {
                var fault = Assert.Throws<InvalidModelException>(() => EmulatedCuda.Open(model.Graph));
                Assert.Contains(name, fault.Message);
                Assert.Contains("the scale 2^14", fault.Message);
                return;
            }

            using var device = EmulatedCuda.Open(model.Graph);
            Assert.All(new DeviceSequence(device, 64).Append(Prompt), static logit => Assert.True(float.IsFinite(logit)));
        }
        finally
        {
            File.Delete(changed);
        }
    }

    private static List<int> Generate(IDevice device, LanguageModel model)
    {
        var sink = new Tokens();
        using var engine = new InferenceEngine(device, model.Tokenizer, "tiny", sink, new CpuPowerModel(1), new EngineOptions { MaxStepTokens = 32 });
        for (var i = 0; i < 3; i++)
        {
            engine.Submit(new InferenceRequest
            {
                Id = i,
                Prompt = Prompt.AsSpan(i, 20 + i).ToArray(),
                MaxTokens = 12,
                IgnoreEndOfGeneration = true,
                Sampling = i < 2 ? SamplingParameters.Greedy : new SamplingParameters { Temperature = 0.5f, TopK = 3, Seed = 11, TopLogprobs = 2 },
            });
        }

        while (sink.Ended < 3)
            engine.Step();
        return [.. sink.Of.OrderBy(static token => token.Id).Select(static token => token.Token)];
    }

    private sealed class Tokens : IEngineSink
    {
        public List<(long Id, int Token)> Of { get; } = [];

        public int Ended { get; private set; }

        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
            foreach (ref readonly var output in outputs)
            {
                if (output.Token >= 0)
                    Of.Add((output.Request.Id, output.Token));
                Ended += output.Finish == FinishReason.None ? 0 : 1;
            }
        }
    }
}
