using Crescent.Control.Placement;
using Crescent.Control.Power;
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

    [Fact]
    public void A_silo_that_came_later_learns_who_has_left_and_its_governor_holds_their_watts_back()
    {
        _desk.Observe([Sighting("a"), Sighting("b")]);
        _time.Advance(TimeSpan.FromSeconds(1));
        _desk.Observe([Sighting("a")]);
        _time.Advance(TimeSpan.FromSeconds(2));
        var late = new PowerDesk(Options.Create(new PowerOptions { Budget = "5kW" }), _time);
        late.Observe([Sighting("a")]);
        Assert.Empty(late.Departed());
        Assert.Equal(700, Held(late));
        var absent = _desk.Absent();
        Assert.Equal(("b/gpu", 2), (Assert.Single(absent).Key, absent[0].SecondsAgo));
        late.Learn(absent);
        late.Learn(absent);
        Assert.Equal((-2.0, "b/gpu"), (Assert.Single(late.Departed()).At, late.Departed()[0].Last.Key));
        Assert.Equal(1400, late.Nameplate([PowerReadings.Of(Sighting("a"))]));
        Assert.Equal(1400, Held(late));

        // What it sees itself goes before what it hears, and what is forgotten elsewhere is nothing to learn.
        late.Observe([Sighting("a"), Sighting("b")]);
        late.Learn(absent);
        Assert.Empty(late.Departed());
        late.Learn([absent[0] with { Key = "c/gpu", SecondsAgo = 1e6 }]);
        Assert.Empty(late.Departed());
    }

    /// <summary>Watts that a governor which comes up with what <paramref name="desk"/> knows takes to be given away.</summary>
    private static double Held(PowerDesk desk)
    {
        var governor = new PowerGovernor(PowerControllers.For(PlacementPolicies.UniformCap));
        foreach (var (at, last) in desk.Departed())
        {
            governor.Remember(at, last);
        }

        var step = governor.Step(desk.Now, [PowerReadings.Of(Sighting("a"))], new PowerBudgets { ClusterWatts = 5000 });
        return step.Levels.Single(static level => level.Kind == PowerLevelKind.Cluster).ExposedWatts;
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
