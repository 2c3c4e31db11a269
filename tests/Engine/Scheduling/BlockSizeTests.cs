using Crescent.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>Blocks are as long as the device says; nothing of an engine knows another size.</summary>
public sealed class BlockSizeTests
{
    private readonly RecordingSink _sink = new();

    public static TheoryData<int> Sizes => [8, 16, 64, 256];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Full_blocks_of_a_prompt_seen_before_come_from_the_cache(int size)
    {
        var device = new HistoryDevice(blocks: 32, blockSize: size);
        using var engine = EngineOver(device, _sink);
        var prompt = Prompt(1, (3 * size) + 5);
        engine.Submit(new InferenceRequest { Id = 1, Prompt = prompt, MaxTokens = 3 });
        Run(engine);
        var before = device.TokensComputed;
        engine.Submit(new InferenceRequest { Id = 2, Prompt = prompt, MaxTokens = 3 });

        // Of a prompt that ends with a block, that block is computed for its last token.
        engine.Submit(new InferenceRequest { Id = 3, Prompt = prompt[..(3 * size)], MaxTokens = 1 });
        Run(engine);
        Assert.Equal((3 * size, 2 * size), (_sink[2].Usage!.CachedTokens, _sink[3].Usage!.CachedTokens));
        Assert.Equal(5 + 2 + size, device.TokensComputed - before);
        Assert.Equal(5 * size, engine.Counters.PrefixHitTokens);
        Assert.Equal(Continuation(prompt, 3), _sink[2].Tokens);
        Assert.Equal(Continuation(prompt[..(3 * size)], 1), _sink[3].Tokens);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_fork_shares_full_blocks_and_copies_the_tail(int size)
    {
        var device = new HistoryDevice(blocks: 16, maxStepTokens: 4096, blockSize: size);
        using var engine = EngineOver(device, _sink, new EngineOptions { MaxStepTokens = 4096 });
        var prompt = Prompt(1, (2 * size) + 4);
        engine.Submit(new InferenceRequest { Id = 1, Prompt = prompt, MaxTokens = 3 });
        engine.Submit(new InferenceRequest { Id = 2, Prompt = prompt, MaxTokens = 3, KvSource = KvSource.OfFork(1) });
        engine.Step();
        engine.Step();

        // Two blocks together, and a tail each.
        Assert.Equal(16 - 2 - 2, engine.State.FreeBlocks);
        Run(engine);
        Assert.Equal(prompt.Length - 1, _sink[2].Usage!.CachedTokens);
        Assert.Equal(Continuation(prompt, 3), _sink[1].Tokens);
        Assert.Equal(Continuation(prompt, 3), _sink[2].Tokens);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Followers_wait_for_the_blocks_that_another_computes(int size)
    {
        var device = new HistoryDevice(blocks: 32, blockSize: size);
        using var engine = EngineOver(device, _sink, new EngineOptions { MaxStepTokens = 64 });
        var system = Prompt(9, (3 * size) + 2);
        for (var id = 1; id <= 4; id++)
        {
            engine.Submit(new InferenceRequest { Id = id, Prompt = [.. system, id], MaxTokens = 2 });
        }

        Run(engine);
        Assert.Equal((3 * size) + (4 * 3) + 4, device.TokensComputed);
        for (var id = 1; id <= 4; id++)
        {
            Assert.Equal(Continuation([.. system, id], 2), _sink[id].Tokens);
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_preempted_sequence_resumes_with_the_same_tokens(int size)
    {
        // Each comes to three blocks and a half; two of them find six.
        var device = new HistoryDevice(blocks: 6, blockSize: size);
        using var engine = EngineOver(device, _sink, new EngineOptions { Watermark = 0 });
        engine.Submit(Request(1, size, 5 * size / 2));
        engine.Submit(Request(2, size, 5 * size / 2));
        Run(engine);
        Assert.True(engine.Preemptions > 0);
        Assert.Equal(Expected(1, size, 5 * size / 2), _sink[1].Tokens);
        Assert.Equal(Expected(2, size, 5 * size / 2), _sink[2].Tokens);
        Assert.Equal(6, engine.State.FreeBlocks);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void An_evicted_prompt_comes_back_from_the_host(int size)
    {
        var device = new HistoryDevice(blocks: 4, blockSize: size);
        using var engine = EngineOver(device, _sink, new EngineOptions { HostBlocks = 16 });
        foreach (var id in new[] { 1, 2, 3 })
        {
            engine.Submit(Request(id, (3 * size) + 1, 2));
            Run(engine);
        }

        engine.Submit(Request(1, (3 * size) + 1, 2) with { Id = 4 });
        Run(engine);
        Assert.Equal(3 * size, engine.Counters.HostHitTokens);
        Assert.Equal(3 * size, _sink[4].Usage!.CachedTokens);
        Assert.Equal(_sink[1].Tokens, _sink[4].Tokens);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_request_longer_than_all_blocks_is_refused_with_their_positions(int size)
    {
        using var engine = EngineOver(new HistoryDevice(blocks: 3, blockSize: size), _sink);
        engine.Submit(Request(1, 3 * size, 1));
        var refused = Assert.Throws<RequestRefusedException>(() => engine.Submit(Request(2, 3 * size, 2)));
        Assert.Contains($"the {3 * size} positions", refused.Message, StringComparison.Ordinal);
        Run(engine);
        Assert.Equal(Expected(1, 3 * size, 1), _sink[1].Tokens);
    }
}
