using Crescent.Tests.Silo.Api;

namespace Crescent.Tests.Silo.Ops;

public class PowerLevelMetricsTests
{
    [Fact]
    public async Task A_budget_stands_in_the_metrics_beside_what_is_drawn_of_it_and_what_it_costs()
    {
        await using var front = await TestFront.Start(new ScriptedGeneration(static (_, _) => throw new NotSupportedException()));
        var metrics = await front.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        const string Level = "{kind=\"rack\",name=\"r1\",simulated=\"false\"} ";
        Assert.Contains($"crescent:power_level_budget_watts{Level}9000\n", metrics, StringComparison.Ordinal);
        Assert.Contains($"crescent:power_level_watts{Level}8500\n", metrics, StringComparison.Ordinal);
        Assert.Contains($"crescent:power_level_cap_watts{Level}8900\n", metrics, StringComparison.Ordinal);
        Assert.Contains($"crescent:power_level_price{Level}1.5\n", metrics, StringComparison.Ordinal);
        Assert.Contains("# TYPE crescent:power_level_price gauge\n", metrics, StringComparison.Ordinal);
    }
}
