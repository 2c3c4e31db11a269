using Crescent.Engine.Cuda;
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
