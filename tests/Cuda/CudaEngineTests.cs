using Crescent.Engine.Cuda;
using Crescent.Engine.Cuda.Steps;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;
using Crescent.Tests.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Cuda;

/// <summary>The engine on an emulated GPU: what is shared, cut into chunks, preempted or kept in the host's memory changes no token.</summary>
public sealed class CudaEngineTests : EmulatedCudaTest
{
    [Fact]
    public void A_prompt_that_several_share_is_computed_once_and_gives_each_its_own_tokens()
    {
        using var model = Open(blocks: 64);
        var system = model.Encode(string.Concat(Enumerable.Repeat("You are a helpful assistant. ", 20)))[..96];
        var prompts = Enumerable.Range(0, 5).Select(i => (int[])[.. system, 100 + i, .. model.Encode(" What is the capital of France?")]).ToArray();
        var device = model.Device();
        var sink = new RecordingSink();
        using var engine = model.Engine(device, sink);
        for (var id = 0; id < prompts.Length; id++)
            engine.Submit(Greedy(id, prompts[id], 4));
        Run(engine);
        Assert.Equal((prompts.Length - 1) * 96, engine.Counters.PrefixHitTokens);
        for (var id = 0; id < prompts.Length; id++)
            Assert.Equal(Alone(model, Greedy(id, prompts[id], 4)), sink[id].Tokens);
    }

    [Fact]
    public void A_pool_that_is_too_small_small_chunks_and_the_hosts_memory_leave_greedy_and_seeded_tokens_as_they_are_alone()
    {
        using var model = Open(blocks: 64);
        var text = model.Encode(string.Concat(Enumerable.Repeat("The quick brown fox jumps over the lazy dog while it rains in Oslo. ", 6)));
        var requests = Enumerable.Range(0, 12).Select(id => Greedy(id, text[(2 * id)..((2 * id) + 28)], 24) with
        {
            Sampling = id % 2 == 0 ? SamplingParameters.Greedy : new SamplingParameters { Temperature = 0.9f, Seed = (ulong)id, TopP = 0.95f },
        }).ToArray();
        var sink = new RecordingSink();
        using var engine = model.Engine(model.Device(12), sink, new EngineOptions { MaxStepTokens = 24, MaxRunning = 10, HostBlocks = 8 });
        foreach (var request in requests)
            engine.Submit(request);
        Run(engine);
        Assert.True(engine.Counters.Preemptions > 0, "nothing was preempted");
        foreach (var request in requests)
            Assert.Equal(Alone(model, request), sink[request.Id].Tokens);
    }

    [Fact]
    public void Sampled_text_is_that_of_an_engine_that_draws_on_the_host_from_the_same_device()
    {
        CudaDevice? cuda = null;
        using var model = new RealModel(TestFiles.TinyModel, opened => cuda = new CudaDevice(opened.Graph, EmulatedCuda.Options() with { KvBlocks = 64 }));
        var one = new SamplingParameters { Temperature = 1, Seed = 5 };
        SamplingParameters[] ways =
        [
            one, one with { TopP = 0.9f, TopLogprobs = 3 }, one with { TopK = 20, MinP = 0.02f, FrequencyPenalty = 0.6f, RepetitionPenalty = 1.2f },
            one with { MinTokens = 10, LogitBias = new Dictionary<int, float> { [7] = 4 } },
            new SamplingParameters { TopLogprobs = 2 },
        ];
        var (byGpu, byHost) = (new RecordingSink(), new RecordingSink());
        foreach (var (sink, samples) in new[] { (byGpu, true), (byHost, false) })
        {
            using var engine = model.Engine(new CountingDevice(cuda!, 64, samples), sink, new EngineOptions { PrefixCache = false });
            for (var id = 0; id < ways.Length; id++)
                engine.Submit(new InferenceRequest { Id = id, Prompt = model.Encode("Once upon a time there was")[..6], MaxTokens = 12, IgnoreEndOfGeneration = true, Sampling = ways[id] });
            Run(engine);
        }

        var sampler = Assert.IsType<CudaSampler>(cuda!.Sampler);
        Assert.Equal((ways.Length * 12, 0), (sampler.RowsOfGpu, sampler.RowsOfHost));
        for (var id = 0; id < ways.Length; id++)
        {
            Assert.Equal(byHost[id].Tokens, byGpu[id].Tokens);
            Assert.Equal(byHost[id].Logprobs, byGpu[id].Logprobs);
        }
    }

    private static RealModel Open(int blocks) => new(TestFiles.TinyModel, model => new CudaDevice(model.Graph, EmulatedCuda.Options() with { KvBlocks = blocks, HostLogits = false }));

    private static InferenceRequest Greedy(long id, int[] prompt, int maxTokens) => new() { Id = id, Prompt = prompt, MaxTokens = maxTokens, IgnoreEndOfGeneration = true };

    private static List<int> Alone(RealModel model, InferenceRequest request)
    {
        var sink = new RecordingSink();
        using var engine = model.Engine(model.Device(), sink, new EngineOptions { PrefixCache = false });
        engine.Submit(request);
        Run(engine);
        return sink[request.Id].Tokens;
    }
}
