using Crescent.Control.Power;

namespace Crescent.Tests.Control.Power;

public sealed class BudgetScheduleTests
{
    [Fact]
    public void An_event_lowers_the_budget_for_as_long_as_it_lasts_and_the_deepest_counts()
    {
        var schedule = new BudgetSchedule([new BudgetEvent(60, 0.7, 1200), new BudgetEvent(100, 0.5, 10), new BudgetEvent(105, 0.9, 1)]);
        Assert.Equal(
            [1000.0, 1000.0, 700.0, 500.0, 500.0, 700.0, 700.0, 1000.0],
            new[] { 0.0, 59.9, 60, 100, 105.5, 110, 1259.9, 1260 }.Select(at => schedule.At(at, 1000)));
        Assert.Equal([60.0, 100.0, 105.0, 106.0, 110.0, 1260.0], schedule.Jumps);
        Assert.Equal(1000, BudgetSchedule.Constant.At(1e9, 1000));
        Assert.Equal([1000.0, 600.0], new[] { 4.0, 5.0 }.Select(at => BudgetSchedule.Step(5, 0.6).At(at, 1000)));
    }

    [Fact]
    public void With_a_ramp_limit_it_never_moves_faster_and_gets_there_in_the_end()
    {
        // 300 W at 20 W/s are 15 s; the second event turns back a way that had not been gone to its end.
        var schedule = new BudgetSchedule([new BudgetEvent(10, 0.7, 100), new BudgetEvent(200, 0.5, 5)], rampWatts: 20);
        Assert.Equal(
            [1000.0, 1000.0, 900.0, 700.0, 700.0, 800.0, 1000.0, 900.0, 1000.0],
            new[] { 0.0, 10, 15, 25, 110, 115, 125, 205, 210 }.Select(at => schedule.At(at, 1000)));
        Assert.Empty(schedule.Jumps);
        for (var at = 0.0; at < 250; at += 0.25)
        {
            Assert.InRange(Math.Abs(schedule.At(at + 0.25, 1000) - schedule.At(at, 1000)), 0, 5 + 1e-9);
        }
    }

    [Theory]
    [InlineData(-1, 0.5, 10)]
    [InlineData(0, 0, 10)]
    [InlineData(0, 1.1, 10)]
    [InlineData(0, 0.5, 0)]
    public void What_is_no_event_is_refused(double at, double factor, double seconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new BudgetSchedule([new BudgetEvent(at, factor, seconds)]));
}
