using Crescent.Engine.Cuda;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;
using Crescent.Tests.Engine.Model;
using Crescent.Tests.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Cuda;

/// <summary>What guesses beside a model on an emulated GPU: it changes no token, shares what is the model's, and ends with it.</summary>
public sealed class CudaDraftTests : EmulatedCudaTest
{
    private const int IllegalAddress = 700;

    [Theory]
    [InlineData("qwen35", true, 1)]
    [InlineData("qwen35", true, 2)]
    [InlineData("glm4moe", false, 1)]
    [InlineData("deepseek2", true, 2)]
    public void Whatever_a_head_guesses_a_model_says_the_same(string name, bool isRight, int gpus)
    {
        var path = TestFiles.Shared("arch", $"{name}.gguf");
        using var written = isRight ? HeadModels.Write(HeadModels.ThatIsRight(path)) : null;
        CudaDevice? device = null;
        using var model = new RealModel(written?.Path ?? path, opened => device = Open(opened.Graph, opened.Graph.Head!, states: isRight ? 12 : 0, gpus));
        var head = device!.Draft!;
        Assert.Equal((device.Info.HiddenSize, 40 * head.Info.KvGroups.Count), (head.Info.InputSize, head.Info.BlockCount));
        var requests = Requests(model);
        var alone = Serve(model, requests, null);
        var guessed = Serve(model, requests, head);
        AssertSame(requests, alone.Sink, guessed.Sink);
        Assert.True(guessed.Counts.DraftGuessed > 0, "nothing was guessed");
        if (isRight)
        {
            Assert.InRange(guessed.Counts.DraftAccepted, 0.5 * guessed.Counts.DraftGuessed, guessed.Counts.DraftGuessed);
        }
    }

    [Theory]
    [InlineData("qwen35")]
    [InlineData("qwen35moe")]
    public void A_heads_logits_and_hidden_states_are_the_processors_but_for_halves_rounding(string name)
    {
        using var written = HeadModels.Write(HeadModels.WithHead(TestFiles.Shared("arch", $"{name}.gguf")));
        using var model = LanguageModel.Open(written.Path);
        var head = model.Graph.Head!;
        using var device = new CudaDevice(model.Graph, EmulatedCuda.Options() with { StateSlots = 2, Draft = head });
        using var processor = new CpuDevice(model.Graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 64, StateSlots = 2 });
        using var reference = new CpuDevice(head, new CpuDeviceOptions { Threads = 1, KvBlocks = 64 }, processor);
        var random = new Random(5);
        var (first, second) = (new StepPlan(KvBlockSize.Of(device.Draft!.Info)), new StepPlan(KvBlockSize.Of(reference.Info)));
        float[] states = [.. Enumerable.Range(0, 21 * head.Config.Width).Select(_ => (float)((random.NextDouble() * 4) - 2))];
        foreach (var plan in new[] { first, second })
        {
            plan.Add([.. Enumerable.Range(0, 19).Select(static i => (i * 37) % 500)], 0, [0, 1], LogitsWanted.All, hiddenStates: true);
            plan.Add([7, 8], 0, [2], LogitsWanted.Last, hiddenStates: true);
            for (var token = 0; token < 21; token++)
            {
                plan.AddInput(states.AsSpan(token * head.Config.Width, head.Config.Width));
            }
        }

        var actual = device.Draft!.Execute(first);
        var expected = reference.Execute(second);
        for (var row = 0; row < 20; row++)
        {
            AssertNear(expected.Logits(row), actual.Logits(row));
        }

        for (var row = 0; row < 21; row++)
        {
            AssertNear(expected.HiddenState(row), actual.HiddenState(row));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_model_that_guesses_for_itself_is_right_and_what_it_says_is_what_it_says_alone(int gpus)
    {
        CudaDevice? device = null;
        using var model = new RealModel(TestFiles.TinyModel, opened => device = Open(opened.Graph, opened.Graph, gpus: gpus));
        var requests = Requests(model);
        var alone = Serve(model, requests, null);
        var guessed = Serve(model, requests, device!.Draft);
        AssertSame(requests, alone.Sink, guessed.Sink);

        // Two GPUs add up in another order than one: a tie may fall the other way.
        Assert.InRange(guessed.Counts.DraftAccepted, 0.8 * guessed.Counts.DraftGuessed, guessed.Counts.DraftGuessed);
        Assert.True(guessed.Counts.DraftAccepted > 10, $"{guessed.Counts.DraftAccepted} guesses came true");
    }

    [Fact]
    public void A_head_uses_the_models_context_and_matrices_of_the_vocabulary()
    {
        using var written = HeadModels.Write(HeadModels.WithHead(TestFiles.Shared("arch", "qwen35.gguf")));
        using var model = LanguageModel.Open(written.Path);
        using var device = new CudaDevice(model.Graph, EmulatedCuda.Options() with { StateSlots = 4, Draft = model.Graph.Head });
        var head = device.Draft!;
        Assert.Same(device.Group.Leader.Weights.Output, head.Group.Leader.Weights.Output);
        Assert.Same(device.Group.Leader.Weights.Embedding, head.Group.Leader.Weights.Embedding);
        Assert.Same(device.Group.Leader.Context, head.Group.Leader.Context);
        Assert.True(head.Memory["weights"] < device.Group.Leader.Weights.Output.Buffer.Bytes + device.Group.Leader.Weights.Embedding.Buffer.Bytes, $"{head.Memory["weights"]} bytes of weights");
        Assert.Equal(head.Memory.Values.Sum(), device.Memory["the draft"]);

    }

    [Fact]
    public void Blocks_are_shared_out_by_their_sizes_and_a_draft_has_an_eighth_at_the_most()
    {
        const long Left = 4 << 20;
        using var written = HeadModels.Write(HeadModels.WithHead(TestFiles.Shared("arch", "qwen35.gguf")));
        using var model = LanguageModel.Open(written.Path);
        var options = EmulatedCuda.Options() with { KvBlocks = 1, StateSlots = 4, Draft = model.Graph.Head };
        long others, blockBytes;
        using (var small = new CudaDevice(model.Graph, options))
        {
            blockBytes = small.Info.BlockBytes;
            Assert.Equal((1, 1, blockBytes), (small.Info.BlockCount, small.Draft!.Info.BlockCount, small.Draft.Info.BlockBytes));
            others = EmulatedCuda.Counters(0).BytesInUse - small.Memory["keys and values"] - small.Draft.Memory["keys and values"];
        }

        EmulatedCuda.SetMemory(0, others + Left);
        (int Own, int Draft) counts;
        using (var device = new CudaDevice(model.Graph, options with { KvBlocks = 0 }))
        {
            counts = (device.Info.BlockCount, device.Draft!.Info.BlockCount);
            Assert.InRange(counts.Draft * blockBytes, (0.9 * Left / 8) - blockBytes, 0.9 * Left / 8);
            Assert.InRange(counts.Own * blockBytes, 0.85 * (Left - (counts.Draft * blockBytes)), 0.9 * (Left - (counts.Draft * blockBytes)));
        }

        // So it is where their number is given.
        using var told = new CudaDevice(model.Graph, options with { KvBlocks = counts.Own });
        Assert.Equal(counts, (told.Info.BlockCount, told.Draft!.Info.BlockCount));
    }

    [Fact]
    public void Two_gpus_of_which_the_second_fails_are_closed_with_the_draft_on_the_first()
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        using (var device = Open(model.Graph, model.Graph, gpus: 2))
        {
            var plan = new StepPlan(KvBlockSize.Of(device.Info));
            plan.Add([1, 2, 3], 0, [0], LogitsWanted.Last);
            EmulatedCuda.Fail(1, IllegalAddress, 3);
            Assert.Contains("700", Assert.Throws<CudaDeviceException>(() => device.Execute(plan)).Message, StringComparison.Ordinal);
            Assert.False(device.Group.Leader.Context.IsSick);
            device.Dispose();
            Assert.True(device.Group.Leader.Context.IsSick, "the draft's context waits for a lost GPU");
        }

        EmulatedCuda.Fail(1, 0, -1);
        using var again = Open(model.Graph, model.Graph, gpus: 2);
        Assert.NotNull(again.Draft);
    }

    [Fact]
    public void An_error_that_stays_in_a_draft_makes_the_device_sick_and_another_can_be_opened()
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        using (var device = Open(model.Graph, model.Graph))
        {
            var plan = new StepPlan(KvBlockSize.Of(device.Info));
            plan.Add([1, 2, 3], 0, [0], LogitsWanted.Last);
            EmulatedCuda.Fail(0, IllegalAddress, 0);
            var fault = Assert.Throws<CudaDeviceException>(() => device.Draft!.Execute(plan));
            Assert.Contains("700", fault.Message, StringComparison.Ordinal);
            Assert.Throws<CudaDeviceException>(() => device.Execute(plan));
        }

        EmulatedCuda.Fail(0, 0, -1);
        CudaDevice? again = null;
        using var real = new RealModel(TestFiles.TinyModel, opened => again = Open(opened.Graph, opened.Graph));
        Assert.True(Serve(real, Requests(real), again!.Draft).Counts.DraftAccepted > 0, "nothing came true");
    }

    [Fact]
    public void A_draft_of_a_kind_that_gpus_do_not_run_is_refused_by_name_and_nothing_of_either_is_left()
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        var draft = model.Graph with { Layers = [.. model.Graph.Layers.Select(static layer => layer with { Branches = [.. layer.Branches.Select(static branch => branch with { Norm = null })] })] };
        var before = EmulatedCuda.Counters(0).BytesInUse;
        var fault = Assert.Throws<InvalidModelException>(() => new CudaDevice(model.Graph, EmulatedCuda.Options() with { Draft = draft }));
        Assert.Contains("a branch without a norm", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, EmulatedCuda.Counters(0).BytesInUse);
        using (var open = Open(model.Graph, model.Graph))
        {
            Assert.True(EmulatedCuda.Counters(0).BytesInUse > before + open.Memory["the draft"], "a draft takes nothing");
        }

        Assert.Equal(before, EmulatedCuda.Counters(0).BytesInUse);
    }

    private static CudaDevice Open(DecoderGraph graph, DecoderGraph draft, int states = 0, int gpus = 1) =>
        new(graph, EmulatedCuda.Options() with { Gpus = [.. Enumerable.Range(0, gpus)], KvBlocks = 40, StateSlots = states, HostLogits = false, Draft = draft });

    // Greedy, sampled and penalised ones.
    private static InferenceRequest[] Requests(RealModel model)
    {
        var text = model.Encode(string.Concat(Enumerable.Repeat("a b c d e f g h ", 10)));
        return
        [
            .. Enumerable.Range(0, 3).Select(id => new InferenceRequest
            {
                Id = id,
                Prompt = text[id..(20 + (9 * id))],
                MaxTokens = 16,
                IgnoreEndOfGeneration = true,
                Sampling = new SamplingParameters { Temperature = id == 1 ? 0.8f : 0, Seed = (ulong)id, FrequencyPenalty = id == 2 ? 0.5f : 0, TopLogprobs = 2 },
            }),
        ];
    }

    private static (RecordingSink Sink, GuessCounts Counts) Serve(RealModel model, InferenceRequest[] requests, CudaDevice? draft)
    {
        var sink = new RecordingSink();
        using var engine = model.Engine(model.Device(), sink, new EngineOptions { MaxRunning = 3, MaxStepTokens = 32 }, draft);
        engine.RequestFailed = static fault => throw new InvalidOperationException(fault.Doing, fault.Fault);
        foreach (var request in requests)
        {
            engine.Submit(request);
        }

        Run(engine);
        engine.CheckIntegrity();
        return (sink, engine.Counters.Guesses);
    }

    private static void AssertNear(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double difference = 0, length = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow(expected[i] - actual[i], 2);
            length += Math.Pow(expected[i], 2);
        }

        Assert.InRange(Math.Sqrt(difference / length), 0, 1e-2);
    }

    private static void AssertSame(InferenceRequest[] requests, RecordingSink expected, RecordingSink actual)
    {
        foreach (var request in requests)
        {
            Assert.Equal(request.MaxTokens, expected[request.Id].Tokens.Count);
            Assert.Equal(expected[request.Id].Tokens, actual[request.Id].Tokens);
        }
    }
}
