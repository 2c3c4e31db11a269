using Crescent.Engine.Devices.Cpu.Attention;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;
using CsCheck;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>The engine on the CPU device with real models: what is shared, preempted or guessed changes no token.</summary>
public sealed class CpuEngineTests
{
    [Theory]
    [InlineData(RealModel.Tiny, 1000)]
    [InlineData(RealModel.SmolLM2, 200)]
    public void A_system_prompt_of_32_clients_is_computed_once(string name, int systemTokens)
    {
        const int Clients = 32, MaxTokens = 3;
        using var model = RealModel.Open(name, blocks: 400);
        var system = model.Encode(string.Concat(Enumerable.Repeat("You are a helpful assistant who answers in one short sentence. ", 120)))[..systemTokens];
        var prompts = Enumerable.Range(0, Clients + 1).Select(i => (int[])[.. system, 100 + i, .. model.Encode(" What is the capital of France?")]).ToArray();
        var device = model.Device();
        var sink = new RecordingSink();
        using var engine = model.Engine(device, sink);
        for (var id = 0; id < Clients; id++)
        {
            engine.Submit(Greedy(id, prompts[id], MaxTokens));
        }

        Run(engine);

        // The first computes all of its prompt, the others what lies behind the blocks they share; each of them all outputs but the last.
        var shared = system.Length / KvPage.Slots * KvPage.Slots;
        var own = prompts.Take(Clients).Sum(prompt => prompt.Length - shared);
        Assert.Equal(shared + own + (Clients * (MaxTokens - 1)), device.TokensComputed);
        Assert.Equal((Clients - 1) * shared, engine.Counters.PrefixHitTokens);
        Assert.Equal(Clients * prompts[0].Length, engine.Counters.PromptTokens);
        Assert.Equal(0, engine.Preemptions);

        var before = device.TokensComputed;
        engine.Submit(Greedy(Clients, prompts[Clients], MaxTokens));
        Run(engine);
        Assert.Equal(prompts[Clients].Length - shared + MaxTokens - 1, device.TokensComputed - before);
        Assert.Equal(shared, sink[Clients].Usage!.CachedTokens);
        foreach (var id in new[] { 0, 17, Clients })
        {
            Assert.Equal(Alone(model, Greedy(id, prompts[id], MaxTokens)).Tokens, sink[id].Tokens);
        }
    }

    [Theory]
    [InlineData(RealModel.Tiny, 64, 28, 36)]
    [InlineData(RealModel.SmolLM2, 24, 12, 10)]
    public void A_pool_for_an_eighth_of_the_sequences_serves_all_with_the_tokens_of_an_ample_one(string name, int sequences, int promptTokens, int maxTokens)
    {
        var blocks = sequences / 8 * ((promptTokens + maxTokens + KvPage.Slots - 1) / KvPage.Slots);
        using var model = RealModel.Open(name, blocks: 8 * blocks);
        var text = model.Encode(string.Concat(Enumerable.Repeat("The quick brown fox jumps over the lazy dog while it rains in Oslo. ", 30)));
        RecordingSink Serve(int pool, out long preemptions)
        {
            var sink = new RecordingSink();
            using var engine = model.Engine(model.Device(pool), sink);
            for (var id = 0; id < sequences; id++)
            {
                engine.Submit(Greedy(id, text[(3 * id)..((3 * id) + promptTokens)], maxTokens));
            }

            Run(engine);
            preemptions = engine.Preemptions;
            return sink;
        }

        var ample = Serve(8 * blocks, out var none);
        var scarce = Serve(blocks, out var some);
        Assert.Equal(0, none);
        Assert.True(some > 0, "nothing was preempted");
        for (var id = 0; id < sequences; id++)
        {
            Assert.Equal(maxTokens, ample[id].Tokens.Count);
            Assert.Equal(ample[id].Tokens, scarce[id].Tokens);
        }
    }

    [Fact]
    public void Any_batch_chunks_preemptions_forks_host_tier_and_guesses_leave_greedy_and_seeded_tokens_as_they_are_alone()
    {
        using var model = RealModel.Open(RealModel.Tiny, blocks: 256);
        var story = model.Encode("What is 23 + 48? Once upon a time a fox and a fox and a fox met a fox and a fox. What is 23 + 48? What is 2 + 3? ");
        var alone = new Dictionary<string, RecordingSink.Record>();
        var (preempted, forked, copied, accepted) = (0L, 0L, 0L, 0L);
        (from blocks in Gen.Int[12, 24]
         from host in Gen.Int[0, 16]
         from budget in Gen.Int[5, 80]
         from running in Gen.Int[2, 12]
         from requests in Gen.Select(Gen.Int[0, 3], Gen.Int[1, 50], Gen.Int[4, 40], Gen.Int[0, 20], Gen.Int[0, 59]).Array[3, 10]
         select (blocks, host, budget, running, requests)).Sample(
            workload =>
            {
                var sink = new RecordingSink();
                using var engine = model.Engine(
                    model.Device(workload.blocks), sink, new EngineOptions { MaxStepTokens = workload.budget, MaxRunning = workload.running, HostBlocks = workload.host });
                var requests = workload.requests.Select((r, id) => Mixed(id, story, r.Item1, r.Item2, r.Item3, r.Item5)).ToArray();
                for (var step = 0; step <= 20 || engine.State.Running + engine.State.Waiting > 0; step++)
                {
                    for (var id = 0; id < requests.Length; id++)
                    {
                        if (workload.requests[id].Item4 == step)
                        {
                            engine.Submit(requests[id]);
                        }
                    }

                    engine.Step();
                    engine.CheckIntegrity();
                    Assert.True(step < 5_000, "the engine makes no progress");
                }

                foreach (var request in requests)
                {
                    var key = $"{string.Join(',', request.Prompt)}|{request.MaxTokens}|{request.Sampling.Temperature}|{request.Sampling.Seed}|{request.Sampling.FrequencyPenalty}";
                    if (!alone.TryGetValue(key, out var expected))
                    {
                        alone[key] = expected = Alone(model, request with { KvSource = null, SpeculativeTokens = 0 });
                    }

                    Assert.Equal(expected.Tokens, sink[request.Id].Tokens);
                    Assert.Equal(expected.Text, sink[request.Id].Text);
                }

                preempted += engine.Counters.Preemptions;
                forked += engine.Counters.ForkedTokens;
                copied += engine.Counters.HostHitTokens;
                accepted += engine.Counters.AcceptedTokens;
            },
            iter: 60,
            threads: 1);

        // What is claimed to change nothing must have happened.
        Assert.True(preempted > 0 && forked > 0 && copied > 0 && accepted > 0, $"{preempted} preempted, {forked} forked, {copied} copied, {accepted} accepted");
    }

    private static InferenceRequest Greedy(long id, int[] prompt, int maxTokens) =>
        new() { Id = id, Prompt = prompt, MaxTokens = maxTokens, IgnoreEndOfGeneration = true };

    /// <summary>One of a few prompts that share beginnings; half of the requests are greedy, the others seeded.</summary>
    private static InferenceRequest Mixed(int id, int[] story, int begin, int length, int maxTokens, int kind) => new()
    {
        Id = id,
        Prompt = story[(begin * 3)..Math.Min(story.Length, (begin * 3) + length)],
        MaxTokens = maxTokens,
        IgnoreEndOfGeneration = true,
        SpeculativeTokens = kind % 3 == 0 ? 4 : 0,
        KvSource = KvSource.OfFork(kind % 4 == 0 && id > 0 ? id - 1 : null),
        Priority = (RequestPriority)(kind % 3),
        Sampling = kind % 2 == 0
            ? SamplingParameters.Greedy
            : new SamplingParameters { Temperature = 0.9f, Seed = (ulong)(kind % 5), TopP = 0.95f, FrequencyPenalty = kind % 5 == 1 ? 0.5f : 0 },
    };

    /// <summary>What the request gives with nothing beside it, nothing cached and all in one chunk.</summary>
    private static RecordingSink.Record Alone(RealModel model, InferenceRequest request)
    {
        var sink = new RecordingSink();
        using var engine = model.Engine(model.Device(), sink, new EngineOptions { PrefixCache = false });
        engine.Submit(request);
        Run(engine);
        return sink[request.Id];
    }
}
