using Crescent.Tests.Silo.Api;
namespace Crescent.Tests.Silo.Ops;

public sealed class StreamMetricsTests
{
    [Fact]
    public async Task Metrics_tell_which_streams_moved_as_planned_and_which_were_lost_and_which_device_is_drained()
    {
        await using var front = await TestFront.Start(new ScriptedGeneration(static (_, _) => throw new NotSupportedException()));
        var metrics = await front.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Contains("crescent:streams_moved_total 7\n", metrics, StringComparison.Ordinal);
        Assert.Contains("crescent:streams_resumed_total 2\n", metrics, StringComparison.Ordinal);
        Assert.Matches("crescent:device_out_of_service\\{[^}]*device=\"cpu\"[^}]*\\} 1\n", metrics);
    }
}
