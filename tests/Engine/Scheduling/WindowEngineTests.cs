using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Scheduling;
using CsCheck;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>The engine on models some of whose layers see a window alone: blocks behind it are others', and nothing of that changes a token.</summary>
public sealed class WindowEngineTests
{
    [Fact]
    public void A_sequence_of_a_hundred_thousand_tokens_holds_window_blocks_for_the_window_alone()
    {
        const int Length = 100_000;
        KvReach[] windows = [new(128), new(1024)];
        var device = new HistoryDevice(6250 + 400, maxContext: 1 << 17, windows: windows);
        var demand = KvDemand.Of(device.Info);
        var sink = new RecordingSink();
        using var engine = EngineOver(device, sink);
        var prompt = Prompt(1, Length);
        engine.Submit(new InferenceRequest { Id = 1, Prompt = prompt, MaxTokens = 40 });
        var (most, last) = (0, 0);
        while (engine.Step())
        {
            last = engine.State.TotalBlocks - engine.State.FreeBlocks;
            most = Math.Max(most, last);
        }

        engine.CheckIntegrity();
        Assert.Equal(Continuation(prompt, 40), sink[1].Tokens);
        Assert.InRange(most, 6250, demand.BlocksFor((Length + 39 + 15) / 16));
        Assert.True(demand.BlocksFor((Length + 39 + 15) / 16) < 6250 + 200);

        // The next turn goes on where the answer ended.
        var before = device.TokensComputed;
        int[] next = [.. prompt, .. sink[1].Tokens, .. Prompt(2, 50)];
        engine.Submit(new InferenceRequest { Id = 2, Prompt = next, MaxTokens = 5 });
        Run(engine);
        Assert.Equal(Continuation(next, 5), sink[2].Tokens);
        Assert.InRange(device.TokensComputed - before, 54, 54 + 16 + 1);
    }

    [Fact]
    public void The_third_with_the_same_beginning_finds_it_even_where_blocks_are_scarce()
    {
        var sink = new RecordingSink();
        using var engine = EngineOver(new HistoryDevice(400, windows: [new KvReach(64), new KvReach(64)]), sink);
        for (var id = 1; id <= 4; id++)
        {
            // What the first has passed is taken for the second, which is another.
            engine.Submit(new InferenceRequest { Id = id, Prompt = id == 2 ? Prompt(99, 2000) : [.. Prompt(1, 640), .. Prompt(10 + id, 900)], MaxTokens = 4 });
            Run(engine);
        }

        // The third has left what is seen from where it has parted with the first.
        Assert.Equal([0, 0, 640], new[] { 1, 3, 4 }.Select(id => sink[id].Usage!.CachedTokens));
    }

    [Fact]
    public void A_request_that_can_never_have_its_blocks_is_refused_by_its_length()
    {
        var device = new HistoryDevice(100, windows: [new KvReach(32)]);
        using var engine = EngineOver(device, new RecordingSink(), new EngineOptions { MaxStepTokens = 64 });
        var most = (int)KvDemand.Of(device.Info).SpansIn(100) * 16;
        Assert.InRange(most, 50 * 16, (100 * 16) - 1);
        engine.Submit(Request(1, most - 3, 4));
        var refusal = Assert.Throws<RequestRefusedException>(() => engine.Submit(Request(2, most - 2, 4)));
        Assert.Contains($"{most} positions", refusal.Message, StringComparison.Ordinal);
        Run(engine);
    }

    [Fact]
    public void Any_batch_chunks_preemptions_forks_host_tier_and_guesses_change_no_token()
    {
        var (preempted, forked, copied, found) = (0L, 0L, 0L, 0L);
        (from blocks in Gen.Int[24, 60]
         from host in Gen.Int[0, 60]
         from budget in Gen.Int[5, 80]
         from running in Gen.Int[2, 12]
         from requests in Gen.Select(Gen.Int[0, 3], Gen.Int[1, 150], Gen.Int[4, 60], Gen.Int[0, 20], Gen.Int[0, 59]).Array[3, 12]
         select (blocks, host, budget, running, requests)).Sample(
            workload =>
            {
                var sink = new RecordingSink();
                var device = new HistoryDevice(3 * workload.blocks, windows: [new KvReach(20), new KvReach(ChunkLength: 48)]);
                using var engine = EngineOver(
                    device, sink, new EngineOptions { MaxStepTokens = workload.budget, MaxRunning = workload.running, HostBlocks = workload.host });
                var requests = workload.requests.Select((r, id) => new InferenceRequest
                {
                    Id = id,
                    Prompt = [.. Prompt(0, r.Item1 * 30), .. Prompt(r.Item5 % 3, r.Item2)],
                    MaxTokens = r.Item3,
                    SpeculativeTokens = r.Item5 % 3 == 0 ? 4 : 0,
                    KvSource = KvSource.OfFork(r.Item5 % 4 == 0 && id > 0 ? id - 1 : null),
                    Priority = (RequestPriority)(r.Item5 % 3),
                    Program = r.Item5 % 5 == 0 ? "one" : null,
                }).ToArray();
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

                Assert.All(requests, request => Assert.Equal(Continuation(request.Prompt, request.MaxTokens), sink[request.Id].Tokens));
                Assert.Equal(device.Info.BlockCount, engine.State.FreeBlocks);
                preempted += engine.Counters.Preemptions;
                forked += engine.Counters.ForkedTokens;
                copied += engine.Counters.HostHitTokens;
                found += engine.Counters.PrefixHitTokens;
            },
            iter: 150,
            threads: 1);

        // What is claimed to change nothing must have happened.
        Assert.True(preempted > 0 && forked > 0 && copied > 0 && found > 0, $"{preempted} preempted, {forked} forked, {copied} copied, {found} found");
    }

    [Theory]
    [InlineData("gemma3", KvType.F32, 16)]
    [InlineData("gpt-oss", KvType.F16, 16)]
    [InlineData("gemma4", KvType.F16, 16)]
    [InlineData("gemma4", KvType.Q8_0, 20)]
    public void Real_models_give_the_same_alone_with_nothing_cached_and_together_with_everything(string name, KvType kv, int blocksOfGroup)
    {
        using var model = new RealModel(
            TestFiles.Shared("arch", $"{name}.gguf"), model => new CpuDevice(model.Graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 40, KvType = kv }));
        var device = model.Device();
        Assert.True(device.Info.KvGroups.Count > 1, "no layer has a window");
        var sink = new RecordingSink();
        using var engine = model.Engine(model.Device(blocksOfGroup * device.Info.KvGroups.Count), sink, new EngineOptions { MaxStepTokens = 48, HostBlocks = 20 });
        var requests = Enumerable.Range(0, 12).Select(id => new InferenceRequest
        {
            Id = id,
            Prompt = [.. Tokens(1, 25 * (id % 3)), .. Tokens(20 + id, 20 + id)],
            MaxTokens = 30,
            IgnoreEndOfGeneration = true,
            SpeculativeTokens = id % 2 == 0 ? 3 : 0,
            KvSource = KvSource.OfFork(id % 4 == 3 ? id - 3 : null),
        }).ToArray();
        foreach (var request in requests)
        {
            engine.Submit(request);
            engine.Step();
        }

        Run(engine);

        // What one engine has begun another goes on with.
        var half = sink[11].Tokens[..15];
        engine.Submit(requests[11] with { Id = 100, Prompt = [.. requests[11].Prompt, .. half], ResumedTokens = 15, MaxTokens = 15 });
        Run(engine);
        Assert.Equal(sink[11].Tokens[15..], sink[100].Tokens);
        Assert.True(engine.Preemptions > 0 && engine.Counters.PrefixHitTokens > 0);
        foreach (var request in requests)
        {
            var alone = new RecordingSink();
            using var other = model.Engine(model.Device(), alone, new EngineOptions { PrefixCache = false });
            other.Submit(request with { SpeculativeTokens = 0, KvSource = null });
            Run(other);
            Assert.Equal(alone[request.Id].Tokens, sink[request.Id].Tokens);
        }
    }

    private static int[] Tokens(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(200))];
    }
}
