using Crescent.Control.Power;

namespace Crescent.Tests.Control.Power;

public class PolcaThresholdsTests
{
    private static readonly double First = Profiles.Of().PrefillWattsAt(PolcaThresholds.FirstClock);
    private static readonly double Second = Profiles.Of().PrefillWattsAt(PolcaThresholds.SecondClock);

    /// <summary>Cap in force, share of the budget drawn, cap then: 0 stands for none, 1 and 2 for the clocks, 3 for the brake.</summary>
    [Theory]
    [InlineData(0, 0.79, 0)]
    [InlineData(0, 0.80, 1)]
    [InlineData(1, 0.76, 1)]
    [InlineData(1, 0.74, 0)]
    [InlineData(1, 0.88, 1)]
    [InlineData(0, 0.89, 2)]
    [InlineData(1, 0.90, 2)]
    [InlineData(2, 0.85, 2)]
    [InlineData(2, 0.83, 1)]
    [InlineData(2, 0.70, 0)]
    [InlineData(2, 1.00, 2)]
    [InlineData(2, 1.01, 3)]
    [InlineData(3, 0.97, 3)]
    [InlineData(3, 0.94, 2)]
    public void A_threshold_forces_a_clock_and_a_margin_below_it_frees_it(int step, double share, int then)
    {
        double[] caps = [700, First, Second, 200];
        var devices = new[] { Profiles.Reading("a", share * 600, caps[step]), Profiles.Reading("b", share * 400, caps[step]) };
        var planned = new double[2];
        new PolcaThresholds().Plan(devices, new PowerBudgets { ClusterWatts = 1000 }, planned);
        Assert.All(planned, cap => Assert.Equal(caps[then], cap));
    }

    [Fact]
    public void Under_a_governor_caps_may_sum_up_to_more_than_the_budget()
    {
        var governor = new PowerGovernor(new PolcaThresholds());
        var devices = new[] { Profiles.Reading("a", 300, First), Profiles.Reading("b", 300, First) };
        governor.Step(0, devices, new PowerBudgets { ClusterWatts = 1000 });
        var step = governor.Step(4, devices, new PowerBudgets { ClusterWatts = 1000 });
        Assert.Equal(1400, step.Orders.Sum(static o => o.Watts));
    }
}
