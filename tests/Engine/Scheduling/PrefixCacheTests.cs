using Crescent.Engine.Scheduling;
using CsCheck;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class PrefixCacheTests
{
    private readonly RecordingSink _sink = new();

    [Fact]
    public void A_prompt_seen_before_is_not_computed_again()
    {
        var device = new HistoryDevice(blocks: 64);
        var engine = EngineOver(device, _sink);
        var prompt = Prompt(1, 100);
        engine.Submit(new InferenceRequest { Id = 1, Prompt = prompt, MaxTokens = 4 });
        Run(engine);
        var before = device.TokensComputed;
        engine.Submit(new InferenceRequest { Id = 2, Prompt = prompt, MaxTokens = 4 });
        Run(engine);

        // Six full blocks come from the cache; the last four prompt tokens and three outputs are computed.
        Assert.Equal(96, _sink[2].Usage!.CachedTokens);
        Assert.Equal(7, device.TokensComputed - before);
        Assert.Equal(_sink[1].Tokens, _sink[2].Tokens);
        Assert.Equal(0, _sink[1].Usage!.CachedTokens);
    }

    [Fact]
    public void The_last_token_of_a_fully_cached_prompt_is_still_computed()
    {
        var engine = EngineOver(new HistoryDevice(blocks: 64), _sink);
        var prompt = Prompt(1, 96);
        engine.Submit(new InferenceRequest { Id = 1, Prompt = prompt, MaxTokens = 20 });
        Run(engine);
        engine.Submit(new InferenceRequest { Id = 2, Prompt = prompt, MaxTokens = 20 });
        Run(engine);
        Assert.Equal(80, _sink[2].Usage!.CachedTokens);
        Assert.Equal(_sink[1].Tokens, _sink[2].Tokens);
    }

    [Fact]
    public void Output_is_cached_as_well_for_the_next_turn()
    {
        var engine = EngineOver(new HistoryDevice(blocks: 64), _sink);
        engine.Submit(Request(1, 40, 60));
        Run(engine);
        int[] next = [.. Prompt(1, 40), .. _sink[1].Tokens, 5, 6, 7];
        engine.Submit(new InferenceRequest { Id = 2, Prompt = next, MaxTokens = 5 });
        Run(engine);
        Assert.Equal(96, _sink[2].Usage!.CachedTokens);
        Assert.Equal(Continuation(next, 5), _sink[2].Tokens);
    }

    [Fact]
    public void Another_salt_finds_nothing()
    {
        var engine = EngineOver(new HistoryDevice(blocks: 64), _sink);
        var prompt = Prompt(1, 100);
        engine.Submit(new InferenceRequest { Id = 1, Prompt = prompt, MaxTokens = 2, CacheSalt = "a" });
        Run(engine);
        engine.Submit(new InferenceRequest { Id = 2, Prompt = prompt, MaxTokens = 2, CacheSalt = "b" });
        engine.Submit(new InferenceRequest { Id = 3, Prompt = prompt, MaxTokens = 2 });
        Run(engine);
        Assert.Equal(0, _sink[2].Usage!.CachedTokens);
        Assert.Equal(0, _sink[3].Usage!.CachedTokens);
    }

    [Fact]
    public void Requests_with_the_same_new_prefix_wait_for_the_first_to_compute_it()
    {
        var device = new HistoryDevice(blocks: 256);
        var engine = EngineOver(device, _sink, new EngineOptions { MaxStepTokens = 128 });
        var system = Prompt(9, 1000);
        for (var id = 1; id <= 32; id++)
        {
            engine.Submit(new InferenceRequest { Id = id, Prompt = [.. system, id, id + 1, id + 2], MaxTokens = 3 });
        }

        Run(engine);

        // 1,003 tokens once; each of the others computes the 11 after the shared 62 blocks; and two outputs each.
        Assert.Equal(1003 + (31 * 11) + (32 * 2), device.TokensComputed);
        for (var id = 1; id <= 32; id++)
        {
            Assert.Equal(Continuation([.. system, id, id + 1, id + 2], 3), _sink[id].Tokens);
        }
    }

    [Fact]
    public void A_request_goes_on_when_the_one_it_waited_for_is_cancelled()
    {
        var device = new HistoryDevice(blocks: 256);
        var engine = EngineOver(device, _sink, new EngineOptions { MaxStepTokens = 64 });
        var prompt = Prompt(3, 500);
        engine.Submit(new InferenceRequest { Id = 1, Prompt = prompt, MaxTokens = 3 });
        engine.Submit(new InferenceRequest { Id = 2, Prompt = prompt, MaxTokens = 3 });
        engine.Step();
        engine.Step();
        Assert.Equal(1, engine.State.Waiting);
        engine.Cancel(1);
        Run(engine);
        Assert.Equal(Continuation(prompt, 3), _sink[2].Tokens);
    }

    [Fact]
    public void A_fork_shares_full_blocks_and_copies_one_tail()
    {
        var device = new HistoryDevice(blocks: 64);
        var engine = EngineOver(device, _sink);
        var prompt = Prompt(1, 105);
        engine.Submit(new InferenceRequest { Id = 1, Prompt = prompt, MaxTokens = 30 });
        for (var id = 2; id <= 4; id++)
        {
            engine.Submit(new InferenceRequest { Id = id, Prompt = prompt, MaxTokens = 30, KvSource = KvSource.OfFork(1) });
        }

        engine.Step();
        engine.Step();
        Assert.Equal(4, engine.State.Running);

        // Six shared blocks, and a tail each.
        Assert.Equal(64 - 6 - 4, engine.State.FreeBlocks);
        Assert.Equal(105 + 1 + 3, device.TokensComputed);
        Run(engine);
        for (var id = 1; id <= 4; id++)
        {
            Assert.Equal(Continuation(prompt, 30), _sink[id].Tokens);
            Assert.Equal(id == 1 ? 0 : 104, _sink[id].Usage!.CachedTokens);
        }
    }

    [Fact]
    public void A_fork_parts_from_its_leader_in_the_middle_of_the_output()
    {
        var engine = EngineOver(new HistoryDevice(blocks: 64), _sink);
        engine.Submit(Request(1, 50, 40));
        for (var i = 0; i < 20; i++)
        {
            engine.Step();
        }

        int[] branch = [.. Prompt(1, 50), .. _sink[1].Tokens.Take(10), 3, 4];
        engine.Submit(new InferenceRequest { Id = 2, Prompt = branch, MaxTokens = 10, KvSource = KvSource.OfFork(1) });
        Run(engine);
        Assert.Equal(Expected(1, 50, 40), _sink[1].Tokens);
        Assert.Equal(Continuation(branch, 10), _sink[2].Tokens);
        Assert.Equal(60, _sink[2].Usage!.CachedTokens);
    }

    [Fact]
    public void A_sequence_with_guesses_gives_the_same_tokens_in_fewer_steps()
    {
        // A history hash never repeats itself, so a device that goes in a circle is guessed well.
        var circle = new CircleDevice();
        var plain = new RecordingSink();
        var engine = new InferenceEngine(circle, new LetterTokenizer(), "test", plain, new Crescent.Engine.Power.CpuPowerModel(1));
        engine.Submit(new InferenceRequest { Id = 1, Prompt = [1, 2, 3], MaxTokens = 120 });
        Run(engine);
        var steps = circle.Steps;
        var guessing = new RecordingSink();
        engine = new InferenceEngine(circle, new LetterTokenizer(), "test", guessing, new Crescent.Engine.Power.CpuPowerModel(1));
        engine.Submit(new InferenceRequest { Id = 1, Prompt = [1, 2, 3], MaxTokens = 120, SpeculativeTokens = 8 });
        Run(engine);
        Assert.Equal(plain[1].Tokens, guessing[1].Tokens);
        Assert.InRange(circle.Steps - steps, 1, steps / 3);
    }

    [Fact]
    public void Any_mix_of_shared_prefixes_forks_guesses_and_scarce_blocks_keeps_every_token() =>
        (from blockSize in Gen.Int[3, 6].Select(shift => 1 << shift)
         from blocks in Gen.Int[14, 50].Select(sixteens => Math.Max((sixteens * 16) / blockSize, 4))
         from budget in Gen.Int[4, 80]
         from running in Gen.Int[1, 10]
         from requests in Gen.Select(Gen.Int[0, 3], Gen.Int[0, 100], Gen.Int[1, 40], Gen.Int[0, 30], Gen.Int[0, 60]).Array[2, 20]
         select (blockSize, blocks, budget, running, requests)).Sample(
            workload =>
            {
                var sink = new RecordingSink();
                var device = new HistoryDevice(workload.blocks, blockSize: workload.blockSize);
                var engine = EngineOver(device, sink, new EngineOptions { MaxStepTokens = workload.budget, MaxRunning = workload.running });
                var prompts = workload.requests.Select((r, id) => (int[])[.. Prompt(r.Item1, r.Item2), 1 + id]).ToArray();
                var submitted = 0;
                for (var step = 0; submitted < prompts.Length || engine.State.Running + engine.State.Waiting > 0; step++)
                {
                    for (var id = 0; id < prompts.Length; id++)
                    {
                        var (_, _, max, at, extra) = workload.requests[id];
                        if (at == step)
                        {
                            submitted++;
                            engine.Submit(new InferenceRequest
                            {
                                Id = id,
                                Prompt = prompts[id],
                                MaxTokens = max,
                                SpeculativeTokens = extra % 5,
                                KvSource = KvSource.OfFork(extra % 3 == 0 ? extra % prompts.Length : null),
                                Priority = (RequestPriority)(extra % 3),
                                Tenant = (extra % 4).ToString(System.Globalization.CultureInfo.InvariantCulture),
                                CacheSalt = extra % 7 == 0 ? "salt" : null,
                            });
                        }
                    }

                    engine.Step();
                    engine.CheckIntegrity();
                    Assert.True(step < 20_000, "the engine makes no progress");
                }

                for (var id = 0; id < prompts.Length; id++)
                {
                    Assert.Equal(Continuation(prompts[id], workload.requests[id].Item3), sink[id].Tokens);
                }

                Assert.Equal(workload.blocks, engine.State.FreeBlocks);
            },
            iter: 400);
}
