using System.Diagnostics.Metrics;
using Crescent.Control.Placement;
using Crescent.Grains.Contracts.Power;
using Crescent.Grains.Kv;
using Crescent.Grains.Metrics;
using Crescent.Grains.Placement;
using Crescent.Grains.Power;
using Crescent.Grains.Telemetry;
using Crescent.Tests.Grains.Kv;
using Crescent.Tests.Grains.Placement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Crescent.Tests.Grains.Power;

/// <summary>What placement is told of budgets: two devices of one node and one of another, all in one rack.</summary>
public sealed class PowerLevelsTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly KvIndexFeed _caches;
    private readonly PlacementLedger _ledger;
    private readonly PowerLevels _levels = new();
    private long _sequence;

    public PowerLevelsTests()
    {
        var metrics = new FactoryMetrics(_services.GetRequiredService<IMeterFactory>());
        _caches = new KvIndexFeed(new ManualDumps(), new ManualMembership(), TimeProvider.System, metrics, NullLogger<KvIndexFeed>.Instance);
        _ledger = new PlacementLedger(
            new LeastQueuePolicy(), Options.Create(new PlacementOptions()), new LocalSilo(), TimeProvider.System, metrics, new PrefixOverlap(_caches));
        Report(0, "node-a", 100);
        Report(1, "node-a", 200);
        Report(2, "node-b", 400);
    }

    public void Dispose()
    {
        _caches.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void Each_device_joins_the_levels_of_its_node_its_rack_and_the_cluster_and_its_own()
    {
        Fill(Level("cluster", "", 2000, 3), Level("rack", "rack-1", 1500), Level("node", "node-a", 900), Level("node", "node-b", 800), Level("device", "silo-1/gpu", 500));
        var devices = Devices();
        Assert.All(devices, device => Assert.Same(devices[0].ClusterLevel, device.ClusterLevel));
        Assert.All(devices, device => Assert.Same(devices[0].RackLevel, device.RackLevel));
        Assert.Same(devices[0].NodeLevel, devices[1].NodeLevel);
        Assert.Equal([900, 900, 800], devices.Select(static d => d.NodeLevel!.BudgetWatts));
        Assert.Equal([null, 500, null], devices.Select(static d => d.OwnLevel?.BudgetWatts));
        Assert.Equal((2000, 3), (devices[0].ClusterLevel!.BudgetWatts, devices[0].ClusterLevel!.Price));
        Assert.Equal(1500, devices[2].RackLevel!.BudgetWatts);
    }

    [Fact]
    public void A_level_s_headroom_is_its_budget_less_what_its_devices_draw_and_have_been_promised()
    {
        var needs = new PlacementNeeds { Stream = 1, PromptTokens = 64, MaxTokens = 64, Prefer = "silo-2/gpu" };
        Assert.Equal(Reports.Silo(2), _ledger.Place(needs, [Reports.Silo(0), Reports.Silo(1), Reports.Silo(2)]));
        Fill(Level("cluster", "", 2000), Level("node", "node-a", 900), Level("node", "node-b", 800));
        var devices = Devices();
        var promised = devices[2].UnseenWatts;
        Assert.True(promised > 0);
        Assert.Equal([600, 600, 400 - promised], devices.Select(static d => d.NodeLevel!.HeadroomWatts));
        Assert.Equal(1300 - promised, devices[0].ClusterLevel!.HeadroomWatts, 1e-9);
    }

    [Fact]
    public void Filled_again_a_level_counts_nothing_twice_and_follows_reports_in_between()
    {
        for (var i = 0; i < 3; i++)
        {
            Fill(Level("cluster", "", 2000));
        }

        var level = Devices()[0].ClusterLevel!;
        Assert.Equal(700, level.Watts);
        Report(0, "node-a", 150);
        Assert.Equal(750, level.Watts);
        Fill(Level("cluster", "", 1000, 2));
        Assert.Same(level, Devices()[0].ClusterLevel);
        Assert.Equal((750, 1000, 2), (level.Watts, level.BudgetWatts, level.Price));
    }

    [Fact]
    public void A_device_that_leaves_takes_its_watts_along()
    {
        Fill(Level("cluster", "", 2000));
        _ledger.Keep(static silo => !silo.Equals(Reports.Silo(1)));
        Assert.Equal(500, Devices()[0].ClusterLevel!.Watts);
        Fill(Level("cluster", "", 2000));
        Assert.Equal(500, Devices()[0].ClusterLevel!.Watts);
    }

    [Fact]
    public void A_level_that_is_no_longer_told_binds_nobody()
    {
        Fill(Level("cluster", "", 2000), Level("node", "node-a", 100, 5));
        Assert.Equal(-200, Devices()[0].HeadroomWatts);
        Fill(Level("cluster", "", 2000));
        Assert.All(Devices(), static device => Assert.Null(device.NodeLevel));
        Assert.Equal(1300, Devices()[0].HeadroomWatts);
        _levels.Fill(_ledger, null);
        Assert.All(Devices(), static device => Assert.Equal((double.PositiveInfinity, 0), (device.HeadroomWatts, device.PointsPerWatt)));
    }

    [Fact]
    public void Devices_whose_rack_is_not_told_are_in_none()
    {
        Report(2, "node-b", 400, rack: "");
        Fill(Level("rack", "rack-1", 1500));
        Assert.Equal([300, 300, null], Devices().Select(static d => d.RackLevel?.Watts));
    }

    private static PowerLevelSnapshot Level(string kind, string name, double budget, double price = 0) => new() { Kind = kind, Name = name, BudgetWatts = budget, Price = price };

    private void Fill(params PowerLevelSnapshot[] levels) => _levels.Fill(_ledger, new GovernorReport { Governor = "silo-0", Levels = levels });

    private DeviceState[] Devices() => [.. _ledger.Snapshot().Select(static d => d.State)];

    private void Report(int silo, string node, double watts, string rack = "rack-1") => _ledger.Apply(new SiloReport
    {
        Silo = Reports.Silo(silo),
        Name = $"silo-{silo}",
        Sequence = ++_sequence,
        Devices = [Reports.Idle with { Node = node, Rack = rack, Watts = watts }],
    });
}
