using Crescent.Tests.Silo;
using k8s.Models;

namespace Crescent.Tests.Kubernetes;

/// <summary>That whatever watches or scales a cluster by metrics does so by ones that silos have.</summary>
public sealed class MetricNamesTests(SiloFixture silo)
{
    private static readonly string Monitoring = Path.Combine(Overlays.Folder, "components", "monitoring");
    private static readonly string Rules = Path.Combine(Overlays.Folder, "adapter", "rules.yaml");

    public static TheoryData<string> Files =>
        [.. Directory.GetFiles(Path.Combine(Monitoring, "dashboards")).Append(Path.Combine(Monitoring, "alerts.yaml")).Append(Rules).Select(static path => Path.GetRelativePath(Overlays.Folder, path))];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_silo_has_every_metric_that_dashboards_alerts_and_autoscalers_are_made_of(string file)
    {
        var named = MetricNames.In(await File.ReadAllTextAsync(Path.Combine(Overlays.Folder, file), TestContext.Current.CancellationToken));
        Assert.NotEmpty(named);

        // Prometheus' own: whether a scrape went well.
        Assert.Empty(named.Except(await Metrics()).Except(["up"]));
    }

    [Fact]
    public async Task Every_metric_of_an_autoscaler_is_made_by_the_rules_of_the_adapter()
    {
        var rules = await File.ReadAllTextAsync(Rules, TestContext.Current.CancellationToken);
        var metrics = (await Overlays.Read("watched")).All<V2HorizontalPodAutoscaler>().SelectMany(static scaler => scaler.Spec.Metrics).Select(static metric => metric.Pods?.Metric.Name).OfType<string>().ToList();
        Assert.NotEmpty(metrics);
        Assert.All(metrics, metric => Assert.Contains($"as: {metric}\n", rules, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sum(rate(crescent:joules_lost_total[5m]))", "crescent:joules_lost_total")]
    [InlineData("""sum by (le) (rate(latency_bucket{namespace="a"}[5m])) / 2""", "latency_bucket")]
    [InlineData("""{__name__="vllm:num_requests_swapped",pod!=""}""", "vllm:num_requests_swapped")]
    public async Task A_metric_that_no_silo_has_is_found(string expression, string name) => Assert.Equal([name], MetricNames.In(expression).Except(await Metrics()));

    private async Task<IReadOnlySet<string>> Metrics()
    {
        using var http = new HttpClient();
        return MetricNames.Of(await http.GetStringAsync($"{await silo.Url()}/metrics", TestContext.Current.CancellationToken));
    }
}
