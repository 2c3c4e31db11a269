using Crescent.Lab.Traces;

namespace Crescent.Tests.Lab.Traces;

public sealed class DayShapeTests
{
    private static readonly DayShape Day = new(0.25, 1000);

    [Theory]
    [InlineData(0, 0.25)]
    [InlineData(250, 0.625)]
    [InlineData(500, 1)]
    [InlineData(1000, 0.25)]
    [InlineData(1500, 1)]
    public void It_goes_from_its_trough_to_its_peak_and_back_each_day(double at, double share) => Assert.Equal(share, Day.At(at), 9);

    [Fact]
    public void Of_what_arrives_at_the_peak_it_leaves_what_its_shape_says_and_the_same_each_time()
    {
        var peak = SyntheticTrace.Create("poisson").At(50, 0, 1000, 1000).ToList();
        var left = Day.Of(peak, 3).ToList();
        Assert.InRange(left.Count, 0.59 * peak.Count, 0.66 * peak.Count);
        Assert.InRange(left.Count(static a => a.Seconds < 100) / (double)peak.Count(static a => a.Seconds < 100), 0.22, 0.34);
        Assert.Equal(left, Day.Of(peak, 3));
    }
}
