using Crescent.Control.Placement;
using Crescent.Grains.Contracts.Power;
using Crescent.Grains.Placement;
using Crescent.Grains.Power;
using Crescent.Grains.Telemetry;
using Crescent.Tests.Control.Power;
using Crescent.Tests.Engine.Scheduling;
using Microsoft.Extensions.Options;

namespace Crescent.Tests.Grains.Power;

public class PowerDeskTests
{
    private readonly ManualTime _time = new();
    private readonly PowerDesk _desk;

    public PowerDeskTests() => _desk = new PowerDesk(Options.Create(new PowerOptions { Budget = "5kW" }), _time);

    [Fact]
    public void The_newest_budgets_hold_in_whatever_order_they_come()
    {
        Assert.Equal(5000, _desk.Budgets.Budgets.ClusterWatts);
        _desk.Hear(Book(2, 10, 2000));
        _desk.Hear(Book(1, 50, 1000));
        Assert.Equal(2000, _desk.Budgets.Budgets.ClusterWatts);
        _desk.Hear(Book(2, 11, 2500));
        _desk.Hear(Book(2, 9, 2700));
        Assert.Equal(2500, _desk.Budgets.Budgets.ClusterWatts);
    }

    [Fact]
    public void A_configuration_with_budgets_goes_before_one_without()
    {
        var bare = new PowerDesk(Options.Create(new PowerOptions()), _time);
        bare.Hear(_desk.Budgets);
        _desk.Hear(new PowerOptions().Book());
        Assert.Equal((5000, 5000), (bare.Budgets.Budgets.ClusterWatts, _desk.Budgets.Budgets.ClusterWatts));
    }

    [Fact]
    public void An_older_word_of_the_governor_does_not_replace_a_newer_one()
    {
        _desk.Hear(State(2, 5));
        _desk.Hear(State(2, 4));
        _desk.Hear(State(1, 90));
        Assert.Equal(5, _desk.Newest.State!.Look);
        _desk.Hear(State(3, 1));
        Assert.Equal(3, _desk.Newest.State!.Term);
    }

    [Fact]
    public void What_a_governor_wanted_ends_soon_after_it_is_no_longer_heard()
    {
        _desk.Hear(State(1, 1) with { DeferBatch = true, Drain = ["s/d"] });
        Assert.True(_desk.DeferBatch && _desk.Drains("s/d"));
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.False(_desk.DeferBatch || _desk.Drains("s/d"));
    }

    [Fact]
    public void Devices_are_forsaken_only_where_there_are_budgets_to_keep()
    {
        _desk.Hear(State(1, 1));
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.False(_desk.IsForsaken);
        _desk.Hear(State(1, 2) with { HasBudgets = true });
        Assert.False(_desk.IsForsaken);
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(_desk.IsForsaken);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(_desk.IsForsaken);
    }

    [Fact]
    public void Who_has_left_is_remembered_until_it_comes_back_and_counts_for_the_nameplate()
    {
        _desk.Observe([Sighting("a"), Sighting("b")]);
        Assert.Empty(_desk.Departed());
        _time.Advance(TimeSpan.FromSeconds(1));
        _desk.Observe([Sighting("a")]);
        Assert.Equal("b/gpu", Assert.Single(_desk.Departed()).Last.Key);
        Assert.Equal(1400, _desk.Nameplate([PowerReadings.Of(Sighting("a"))]));
        _desk.Observe([Sighting("a"), Sighting("b")]);
        Assert.Empty(_desk.Departed());
    }

    private static BudgetBook Book(long version, long setAt, double watts) =>
        new() { Version = version, SetAt = setAt, Budgets = new PowerBudgetSettings { ClusterWatts = watts } };

    private static GovernorReport State(long term, long look) => new() { Term = term, Look = look, Governor = "s" };

    private static DeviceSighting Sighting(string silo)
    {
        var report = new DeviceReport { Device = "gpu", Profile = Profiles.Of(), CapWatts = 300, MinCapWatts = 200, MaxCapWatts = 700, CapIncarnation = 5, BlockSize = 16 };
        return new DeviceSighting(
            SiloAddress.New(System.Net.IPAddress.Loopback, 11_000, 1), silo, report, new DeviceState { Key = $"{silo}/gpu", Profile = report.Profile }, 0);
    }
}
