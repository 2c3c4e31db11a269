using System.Diagnostics.Metrics;
using Crescent.Control.Placement;
using Crescent.Grains.Kv;
using Crescent.Grains.Metrics;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Crescent.Tests.Grains.Kv;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Crescent.Tests.Grains.Placement;

/// <summary>A ledger of a silo, at a clock that a test moves.</summary>
public abstract class LedgerTest : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private protected readonly Clock _clock = new();
    private readonly KvIndexFeed _caches;
    private readonly FactoryMetrics _metrics;
    private protected readonly PlacementLedger _ledger;

    private protected LedgerTest()
    {
        _metrics = new FactoryMetrics(_services.GetRequiredService<IMeterFactory>());
        _caches = new KvIndexFeed(new ManualDumps(), new ManualMembership(), _clock, _metrics, NullLogger<KvIndexFeed>.Instance);
        _ledger = Ledger(new LeastQueuePolicy(), new PlacementOptions());
    }

    public void Dispose()
    {
        _caches.Dispose();
        _services.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static DeviceReport Drained => Reports.Idle with { Draining = true };

    private protected static PlacementNeeds Needs(long stream) => new() { Stream = stream, PromptTokens = 64, MaxTokens = 64 };

    private protected SiloAddress? Place(long stream) => _ledger.Place(Needs(stream), [Reports.Silo(0), Reports.Silo(1)]);

    private protected PlacementLedger Ledger(IPlacementPolicy policy, PlacementOptions options) =>
        new(policy, Options.Create(options), new LocalSilo(), _clock, _metrics, new PrefixOverlap(_caches));

    private protected void Report(int silo, long sequence, DeviceReport? device = null, bool draining = false) =>
        _ledger.Apply(Silo(silo, sequence, device ?? Reports.Idle, draining));

    private protected static SiloReport Silo(int silo, long sequence, DeviceReport device, bool draining = false) => new()
    {
        Silo = Reports.Silo(silo),
        Name = $"silo-{silo}",
        Sequence = sequence,
        Draining = draining,
        Devices = [device],
    };

    private protected sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long GetTimestamp() => _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(double seconds) => _ticks += TimeSpan.FromSeconds(seconds).Ticks;
    }
}
