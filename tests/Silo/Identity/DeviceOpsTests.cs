using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Silo.Supervision;

namespace Crescent.Tests.Silo.Identity;

/// <summary>A device silo with an address for those who run the cluster.</summary>
public sealed class DeviceOpsTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_device_silo_tells_how_it_is_and_serves_nobody()
    {
        using var folder = new TemporaryFolder();
        await using var silo = SiloHost.Build(
            Settings.Load([new(Settings.Model.Key, TestFiles.TinyModel), new(Settings.OpsUrls.Key, "http://127.0.0.1:0"), new(Settings.KvBlocks.Key, "64"), new(Settings.LogLevel.Key, "warning")]),
            SiloIdentity.Resolve(new ClusterOptions { Role = SiloRole.Device, Name = "device-7", ClusterId = "ops-test", MembershipFile = folder.At("membership.json") }));
        await silo.Start(Stop);
        try
        {
            Assert.Empty(silo.Urls);
            using var http = new HttpClient { BaseAddress = new Uri(Assert.Single(silo.OpsUrls)) };
            Assert.Equal("live", await http.GetStringAsync("/health/live", Stop));
            await Api.TestFront.Until(() => http.GetAsync("/health/ready", Stop).GetAwaiter().GetResult().IsSuccessStatusCode, "its device takes work");
            Assert.Equal(1, (int)JsonNode.Parse(await http.GetStringAsync("/health", Stop))!["devices"]!);
            Assert.Contains("vllm:num_requests_running{model_name=\"crescent-tiny\",silo=\"device-7\",device=\"cpu\"", await http.GetStringAsync("/metrics", Stop), StringComparison.Ordinal);
            Assert.NotNull(JsonNode.Parse(await http.GetStringAsync("/v1/factory", Stop))!["devices"]![0]);
            using var missing = await http.GetAsync("/v1/models", Stop);
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
            using var completion = await http.PostAsync("/v1/completions", new StringContent("{}", Encoding.UTF8, "application/json"), Stop);
            Assert.Equal(HttpStatusCode.NotFound, completion.StatusCode);

            // A drain goes by it, and the silo is not ready then.
            using var drained = await http.PostAsync("/v1/factory/devices/device-7/cpu/drain", new StringContent("", Encoding.UTF8, "application/json"), Stop);
            Assert.Equal(HttpStatusCode.NoContent, drained.StatusCode);
            await Api.TestFront.Until(() => http.GetAsync("/health", Stop).GetAwaiter().GetResult().StatusCode == HttpStatusCode.ServiceUnavailable, "it is not ready");
        }
        finally
        {
            await silo.Stop();
        }
    }

    [Fact]
    public void Each_device_silo_of_a_local_cluster_has_a_port_of_its_own()
    {
        var plans = SiloPlan.Cluster(4, "a", "/tmp/none", new ServingOptions(), new HttpOptions { OpsUrls = "http://127.0.0.1:9090;http://[::1]:9190" });
        Assert.Null(plans[0].OpsUrls);
        Assert.Equal(
            ["http://127.0.0.1:9091;http://[::1]:9191", "http://127.0.0.1:9092;http://[::1]:9192", "http://127.0.0.1:9093;http://[::1]:9193"],
            plans.Skip(1).Select(static plan => plan.SettingsFrom(new Dictionary<string, string?>())[Settings.OpsUrls.Key]));
        Assert.Equal("http://127.0.0.1:0", SiloPlan.Cluster(2, "a", "/tmp/none", new ServingOptions(), new HttpOptions { OpsUrls = "http://127.0.0.1:0" })[1].OpsUrls);
        Assert.Null(SiloPlan.Cluster(2, "a", "/tmp/none", new ServingOptions(), new HttpOptions())[1].OpsUrls);
        var fault = Assert.Throws<StartException>(() => SiloPlan.Cluster(3, "a", "/tmp/none", new ServingOptions(), new HttpOptions { OpsUrls = "http://127.0.0.1:65534" }));
        Assert.Contains("--ops-urls", fault.Message, StringComparison.Ordinal);
    }
}
