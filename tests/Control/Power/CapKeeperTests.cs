using Crescent.Control.Power;

namespace Crescent.Tests.Control.Power;

public class CapKeeperTests
{
    private readonly FakeCap _cap = new(200, 700);
    private readonly CapKeeper _keeper;

    public CapKeeperTests() => _keeper = new CapKeeper(_cap, incarnation: 7);

    [Fact]
    public void A_device_begins_with_its_lowest_cap() => Assert.Equal(new CapState(7, default, 200), _keeper.State);

    [Fact]
    public void An_order_is_taken_once_and_none_that_is_older()
    {
        Assert.Equal(600, _keeper.Take(Order(600, 1, 5)).Watts);
        Assert.Equal(600, _keeper.Take(Order(300, 1, 4)).Watts);
        Assert.Equal(400, _keeper.Take(Order(400, 1, 6)).Watts);
        Assert.Equal(400, _keeper.Take(Order(600, 1, 5)).Watts);
        Assert.Equal(new CapState(7, new CapStamp(1, 6), 400), _keeper.State);
    }

    [Fact]
    public void The_first_order_of_a_later_term_ends_the_earlier_one()
    {
        _keeper.Take(Order(600, 1, 50));
        Assert.Equal(300, _keeper.Take(Order(300, 2, 1)).Watts);
        Assert.Equal(300, _keeper.Take(Order(700, 1, 51)).Watts);
    }

    [Fact]
    public void A_ceiling_lowers_and_never_raises()
    {
        _keeper.Take(Order(600, 1, 1));
        var state = _keeper.Take(Order(650, 2, 1) with { IsCeiling = true });
        Assert.Equal((600, new CapStamp(2, 1)), (state.Watts, state.Stamp));
        Assert.Equal(500, _keeper.Take(Order(500, 2, 2) with { IsCeiling = true }).Watts);
    }

    [Fact]
    public void An_order_for_an_earlier_start_of_the_device_does_nothing()
    {
        Assert.Equal(new CapState(7, default, 200), _keeper.Take(Order(600, 1, 1) with { Incarnation = 6 }));
    }

    [Fact]
    public void A_device_without_a_governor_falls_back_and_takes_no_order_from_before()
    {
        _keeper.Take(Order(600, 1, 1));
        _keeper.FallBack();
        Assert.Equal(new CapState(8, new CapStamp(1, 1), 200), _keeper.State);
        Assert.Equal(200, _keeper.Take(Order(500, 1, 2)).Watts);
        Assert.Equal(500, _keeper.Take(Order(500, 1, 2) with { Incarnation = 8 }).Watts);
    }

    private static CapOrder Order(double watts, long term, long number) => new("s/d", watts) { Stamp = new CapStamp(term, number), Incarnation = 7 };
}
