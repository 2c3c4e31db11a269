using Crescent.Lab.Fleet;
using Crescent.Lab.Studies;
using Crescent.Lab.Traces;

namespace Crescent.Tests.Lab.Studies;

public sealed class ServerStudyTests
{
    private const int Servers = 3;

    private static readonly ServerStudyOptions Options = new()
    {
        Fleet = FleetSpec.Parse("sim:h100-sxm*3:tp8", "sim:llama-3-70b-fp8"),
        Trace = SyntheticTrace.Create("poisson"),
        Variants = [.. new[] { "fixed:2", "fixed:3", "threshold:20", "planner" }.SelectMany(static word => ServerVariant.Parse(word, Servers))],
        PeakRate = 16,
        Day = new DayShape(0.1, 120),
        Days = 2,
        Jobs = 2,
    };

    private static readonly Lazy<ServerReport> Report = new(static () => ServerStudy.Run(Options));

    [Theory]
    [InlineData("fixed:2")]
    [InlineData("fixed:3")]
    [InlineData("threshold:20")]
    [InlineData("planner")]
    public void No_call_is_lost_whoever_sleeps(string variant)
    {
        var result = Of(variant);
        var expected = Options.Day.Of(Options.Trace.At(Options.PeakRate, 0, 240, 240), 0).ToList();
        Assert.Equal((expected.Count, 0), (result.Requests, result.Refused));
        Assert.Equal(expected.Sum(static arrival => arrival.Request.OutputTokens), result.Tokens);
    }

    [Fact]
    public void Servers_that_sleep_draw_next_to_nothing_and_count_no_hours()
    {
        var two = Of("fixed:2");
        Assert.Equal(2 * 8 * two.Seconds / 3600, two.GpuHours, 9);
        Assert.Equal((2 * FleetSpec.NodeWatts * two.Seconds) + (FleetSpec.NodeFactor * two.Joules) + (30 * two.Seconds), two.WallJoules, 1e-6 * two.WallJoules);

        // One server less at rest, and its work on the others.
        Assert.True(two.Joules < Of("fixed:3").Joules);
        Assert.Equal(0, two.Wakes);
    }

    [Fact]
    public void The_planner_takes_fewer_hours_than_all_servers_and_keeps_the_promise()
    {
        var (all, planned) = (Of("fixed:3"), Of("planner"));
        Assert.True(planned.GpuHours < 0.8 * all.GpuHours, $"{planned.GpuHours} of {all.GpuHours} hours");
        Assert.True(planned.WallJoules < 0.9 * all.WallJoules, $"{planned.WallJoules} of {all.WallJoules} J");
        Assert.True(planned.Wakes > 0);
        Assert.True(planned.SloAttainment > 0.98, $"{planned.SloAttainment}");
    }

    [Fact]
    public void The_same_options_give_the_same_result()
    {
        var again = ServerStudy.Run(Options with { Variants = [.. ServerVariant.Parse("planner", Servers)] }, cancellationToken: TestContext.Current.CancellationToken).Runs[0].Result;
        Assert.Equal((Of("planner").Joules, Of("planner").GpuHours, Of("planner").TtftP99), (again.Joules, again.GpuHours, again.TtftP99));
    }

    [Fact]
    public void Its_JSON_says_that_it_is_simulated() => Assert.Contains("\"simulated\": true", Report.Value.ToJson(), StringComparison.Ordinal);

    [Theory]
    [InlineData("fixed:4")]
    [InlineData("fixed:0")]
    [InlineData("threshold")]
    [InlineData("planner:3")]
    [InlineData("never")]
    public void What_is_no_way_to_number_servers_is_told(string word)
    {
        var fault = Assert.Throws<FormatException>(() => ServerVariant.Parse(word, Servers).ToList());
        Assert.Contains($"'{word}'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fixed_alone_stands_for_the_sizes_from_half_to_all() =>
        Assert.Equal(["fixed:4", "fixed:5", "fixed:6", "fixed:7", "fixed:8"], ServerVariant.Parse("fixed", 8).Select(static v => v.Name));

    private static FleetResult Of(string variant) => Report.Value.Runs.Single(run => run.Variant == variant).Result;
}
