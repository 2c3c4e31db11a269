using Crescent.Tests.Silo.Api;
namespace Crescent.Tests.Silo.Ops;

public class KvIndexMetricsTests
{
    [Fact]
    public async Task A_dead_cache_signal_is_seen_in_the_metrics()
    {
        await using var front = await TestFront.Start(new ScriptedGeneration(static (_, _) => throw new NotSupportedException()));
        var metrics = await front.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Contains("crescent:kv_index_stale 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("crescent:kv_index_gaps_total 9", metrics, StringComparison.Ordinal);
        Assert.Contains("# TYPE crescent:kv_index_repairs_total counter\n", metrics, StringComparison.Ordinal);
    }
}
