using System.Diagnostics.Metrics;
using Crescent.Control.Placement;
using Crescent.Engine.Kv;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Kv;
using Crescent.Grains.Metrics;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Crescent.Tests.Control.Placement;
using Crescent.Tests.Engine.Scheduling;
using Crescent.Tests.Grains.Kv;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crescent.Tests.Grains.Placement;

/// <summary>Devices of one model whose blocks are of different sizes: a front end finds what each has cached in the device's own blocks.</summary>
public sealed class MixedBlockSizeTests : IDisposable
{
    private const int PromptTokens = 200;

    private static readonly int[] Sizes = [16, 64];
    private static readonly int[] Prompt = EngineHarness.Prompt(1, PromptTokens);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ManualMembership _members = new();
    private readonly KvIndexFeed _feed;

    public MixedBlockSizeTests()
    {
        var metrics = new FactoryMetrics(_services.GetRequiredService<IMeterFactory>());
        _feed = new KvIndexFeed(new ManualDumps(), _members, new ManualTime(), metrics, NullLogger<KvIndexFeed>.Instance);
        for (var i = 0; i < Sizes.Length; i++)
        {
            _members.Set(Reports.Silo(i), SiloStatus.Active);
        }
    }

    public void Dispose()
    {
        _feed.Dispose();
        _services.Dispose();
    }

    [Fact]
    public async Task What_engines_cache_is_found_by_prompts_that_are_cut_into_their_blocks()
    {
        await Serve(0, Prompt);
        await Serve(1, Prompt);
        Assert.Equal(Sizes, _feed.Roots.Select(static root => root.BlockSize.Positions).Order());
        Assert.Equal([12, 3], Overlap(Prompt));

        // Another end: the first has 8 of 16, the second 2 of 64.
        int[] parted = [.. Prompt[..140], .. EngineHarness.Prompt(2, 60)];
        Assert.Equal([8, 2], Overlap(parted));
    }

    [Fact]
    public async Task What_one_caches_counts_for_no_device_of_another_block_size()
    {
        await Serve(0, Prompt);
        await Serve(1, EngineHarness.Prompt(5, PromptTokens));
        Assert.Equal([12, 0], Overlap(Prompt));
        Assert.Equal([0, 3], Overlap(EngineHarness.Prompt(5, PromptTokens)));

        // No history has one name in both.
        var chains = PromptPrefix.Of(_feed.Roots, Prompt, null).Chains.ToArray();
        Assert.Empty(chains[0].Chain.Intersect(chains[1].Chain));
    }

    [Fact]
    public async Task Caches_are_compared_in_tokens()
    {
        await Serve(0, Prompt[..100]);
        await Serve(1, Prompt);
        var view = View();
        var call = Views.Call(prompt: PromptTokens);

        // 6 blocks of 16 there, 3 of 64 here.
        Assert.Equal([6, 3], Overlap(Prompt));
        Overlap(Prompt).CopyTo(view.ChangeOverlap());
        Assert.Equal((PromptTokens - 96, PromptTokens - 192), (view.Uncached(call, 0), view.Uncached(call, 1)));
        Assert.Equal(1, view.BestCache);
        foreach (var policy in new[] { KvQueuePolicy.PolicyName, PowerAwarePolicy.PolicyName })
        {
            Assert.Equal(1, PlacementPolicies.Create(policy).Choose(call, view).Device);
        }
    }

    [Fact]
    public void Queues_are_compared_in_blocks_of_one_size()
    {
        // 400 tokens wait here and 300 there, whatever they are cut into.
        var view = View();
        view.Devices[0].Load = view.Devices[0].Load with { QueuedPromptTokens = 300, Waiting = 1 };
        view.Devices[1].Load = view.Devices[1].Load with { QueuedPromptTokens = 400, Waiting = 1 };
        view.Refresh(0);
        view.Refresh(1);
        Assert.Equal(0, new KvQueuePolicy().Choose(Views.Call(prompt: PromptTokens), view).Device);
    }

    [Fact]
    public async Task A_prompt_that_was_just_placed_is_predicted_in_the_blocks_of_its_device()
    {
        await Serve(0, EngineHarness.Prompt(3, 20));
        await Serve(1, EngineHarness.Prompt(3, 70));
        var prefix = PromptPrefix.Of(_feed.Roots, Prompt, null);
        new PrefixOverlap(_feed).Predict(prefix, Views.Key(1));
        Assert.Equal([0, 3], Overlap(Prompt));
    }

    /// <summary>Serves <paramref name="prompt"/> on an engine of device <paramref name="number"/>, and tells the feed what it has cached then.</summary>
    private async Task Serve(int number, int[] prompt)
    {
        var device = new HistoryDevice(64, blockSize: Sizes[number]);
        using var engine = EngineHarness.EngineOver(device, new RecordingSink());
        engine.Submit(new InferenceRequest { Id = 1, Prompt = prompt, MaxTokens = 1 });
        EngineHarness.Run(engine);
        var dumped = engine.DumpKvAsync(TestContext.Current.CancellationToken);
        engine.Step();
        var hashes = (await dumped).Hashes.ToArray();
        var events = new byte[hashes.Length * KvEventCodec.EventBytes];
        for (var i = 0; i < hashes.Length; i++)
        {
            KvEventCodec.Write(new KvEvent(KvEventKind.Stored, hashes[i]), events.AsSpan(i * KvEventCodec.EventBytes));
        }

        _feed.Take(new KvEventMessage
        {
            Silo = Reports.Silo(number),
            Device = Views.Key(number),
            Model = engine.Model,
            KvType = engine.KvType,
            BlockSize = engine.Device.BlockSize,
            Epoch = 1,
            Events = events,
        });
    }

    /// <summary>Two idle devices with as many positions.</summary>
    private static FactoryView View() =>
        Views.Of([.. Sizes.Select(static size => Views.Idle with { BlockSize = size, TotalBlocks = 16_000 / size, FreeBlocks = 16_000 / size })]);

    private int[] Overlap(int[] prompt)
    {
        var view = View();
        new PrefixOverlap(_feed).Fill(PromptPrefix.Of(_feed.Roots, prompt, null), view);
        return [.. Enumerable.Range(0, Sizes.Length).Select(view.CachedBlocks)];
    }
}
