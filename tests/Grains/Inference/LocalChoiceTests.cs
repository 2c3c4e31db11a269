using System.Diagnostics.Metrics;
using Crescent.Control.Placement;
using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Gpu;
using Crescent.Grains.Inference;
using Crescent.Grains.Kv;
using Crescent.Grains.Metrics;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Crescent.Tests.Engine.Scheduling;
using Crescent.Tests.Grains.Kv;
using Crescent.Tests.Grains.Placement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Crescent.Tests.Grains.Inference;

/// <summary>How a silo chooses among its own devices.</summary>
public sealed class LocalChoiceTests : IDisposable
{
    private const int PromptBlocks = 20;

    private static readonly int[] Prompt = EngineHarness.Prompt(1, (PromptBlocks * HistoryDevice.DefaultBlockSize) + 4);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ManualTime _time = new();
    private readonly ManualMembership _members = new();
    private readonly KvIndexFeed _caches;
    private readonly PlacementLedger _ledger;

    public LocalChoiceTests()
    {
        var metrics = new FactoryMetrics(_services.GetRequiredService<IMeterFactory>());
        _members.Set(Reports.Silo(0), SiloStatus.Active);
        _caches = new KvIndexFeed(new ManualDumps(), _members, _time, metrics, NullLogger<KvIndexFeed>.Instance);
        _ledger = new PlacementLedger(
            new KvQueuePolicy(), Options.Create(new PlacementOptions()), new LocalSilo(), _time, metrics, new PrefixOverlap(_caches));
    }

    public void Dispose()
    {
        _caches.Dispose();
        _services.Dispose();
    }

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    [InlineData("c")]
    public void The_device_that_has_the_prompt_is_chosen_among_equals(string device)
    {
        var report = Report("a", "b", "c");
        Cache($"silo-0/{device}", PromptBlocks);
        var choice = new LocalChoice(new KvQueuePolicy(), report, _caches, _ledger);
        choice.LookUp(Submission());
        Assert.Equal($"silo-0/{device}", choice.Choose(Needs()));
    }

    [Fact]
    public void What_a_device_is_to_compute_is_told_without_what_it_has_cached()
    {
        Cache("silo-0/a", PromptBlocks / 2);
        var choice = new LocalChoice(new KvQueuePolicy(), Report("a"), _caches, _ledger);
        choice.LookUp(Submission());
        Assert.Equal(PromptBlocks / 2 * HistoryDevice.DefaultBlockSize, choice.CachedTokens(Submission(), "silo-0/a"));
        Assert.Equal(0, choice.CachedTokens(Submission(), "silo-0/b"));
        var fork = Submission() with { Request = Submission().Request with { KvSource = KvSource.OfFork(7) }, Prefer = "silo-0/a" };
        Assert.Equal(fork.Request.Prompt.Length - 1, choice.CachedTokens(fork, "silo-0/a"));
    }

    [Fact]
    public void Within_a_silo_power_and_the_prompts_of_the_last_seconds_count_as_they_do_between_silos()
    {
        var report = Report("a", "b");
        _ledger.Apply(report);
        var power = new PowerAwarePolicy();
        Assert.Equal("silo-0/a", new LocalChoice(power, report, _caches, _ledger).Choose(Needs()));
        _ledger.Change(static book => book.Assign(0, new PowerLevel { BudgetWatts = 200, Watts = 150, Price = 5 }, null, null, null));
        Assert.Equal("silo-0/b", new LocalChoice(power, report, _caches, _ledger).Choose(Needs()));
        _ledger.Change(static book => book.Assign(0, null, null, null, null));
        _ledger.Change(static book => book.View.Devices[0].PromptShare = 0.9);
        Assert.Equal("silo-0/b", new LocalChoice(power, report, _caches, _ledger).Choose(Needs()));
    }

    private static SiloReport Report(params string[] devices) => new()
    {
        Silo = Reports.Silo(0),
        Name = "silo-0",
        Sequence = 3,
        Devices = [.. devices.Select(static device => Reports.Idle with { Device = device })],
    };

    private static PlacementNeeds Needs() => new() { PromptTokens = Prompt.Length, MaxTokens = 8 };

    private static Submission Submission() => new()
    {
        Request = new InferenceRequest { Id = 1, RequestId = "call", Prompt = Prompt, MaxTokens = 8 },
        Front = Reports.Silo(0),
        Observer = null!,
    };

    /// <summary>The device tells that it has stored the first <paramref name="blocks"/> blocks of the prompt.</summary>
    private void Cache(string device, int blocks)
    {
        var root = BlockHash.Root("model", "f16", null);
        var size = new KvBlockSize(HistoryDevice.DefaultBlockSize);
        var events = new byte[blocks * KvEventCodec.EventBytes];
        for (var i = 0; i < blocks; i++)
        {
            root = root.Next(Prompt.AsSpan(i * HistoryDevice.DefaultBlockSize, HistoryDevice.DefaultBlockSize));
            KvEventCodec.Write(new KvEvent(KvEventKind.Stored, root), events.AsSpan(i * KvEventCodec.EventBytes));
        }

        _caches.Take(new KvEventMessage { Silo = Reports.Silo(0), Device = device, Model = "model", KvType = "f16", BlockSize = size.Positions, Epoch = 1, Events = events });
    }
}
