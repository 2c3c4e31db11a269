using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;

namespace Crescent.Tests.Silo;

/// <summary>A silo whose devices are simulated, from the command line's words to the answer over HTTP.</summary>
public sealed class SimulatedSiloTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Simulated_devices_serve_pseudo_text_and_say_what_they_are()
    {
        using var folder = new TemporaryFolder();
        var identity = SiloIdentity.Resolve(new ClusterOptions { MembershipFile = Path.Combine(folder.Path, "membership.json") });
        await using var silo = SiloHost.Build(
            Settings.Load(
            [
                new(Settings.Devices.Key, "sim:h100-sxm*3:tp8"), new(Settings.Model.Key, "sim:llama-3-70b-fp8"), new(Settings.Speed.Key, "20"), new(Settings.Policy.Key, "least-queue"),
                new(Settings.Urls.Key, "http://127.0.0.1:0"), new(Settings.LogLevel.Key, "warning"), new(Settings.WarmUpSeconds.Key, "0"),
            ]),
            identity);
        Assert.Equal("sim:llama-3-70b-fp8", silo.Model);
        await silo.Start(Stop);
        using var http = new HttpClient { BaseAddress = new Uri(silo.Urls[0]) };
        using var answer = await http.PostAsJsonAsync(
            "/v1/chat/completions",
            new { messages = new[] { new { role = "user", content = "What is 23 + 48?" } }, temperature = 0, max_tokens = 8 },
            Stop);
        var json = await answer.Content.ReadFromJsonAsync<JsonObject>(Stop);
        Assert.True(answer.IsSuccessStatusCode, json?.ToJsonString());
        Assert.StartsWith("sim-", (string?)json!["model"], StringComparison.Ordinal);
        Assert.NotEmpty((string)json["choices"]![0]!["message"]!["content"]!);
        Assert.InRange((int)json["usage"]!["completion_tokens"]!, 1, 8);

        // 8 GPUs at 304 W for one sequence, and the clocks a little longer up.
        var took = json["usage"]!["crescent"]!;
        Assert.True((double)took["joules"]! > 0);
        var energy = json["usage"]!["energy"]!;
        Assert.Equal(((double)took["joules"]!, "model", true), ((double)energy["joules"]!, (string)energy["source"]!, (bool)energy["simulated"]!));
        var metrics = await http.GetStringAsync("/metrics", Stop);
        Assert.Contains("crescent:tenant_joules_total{tenant=\"\",simulated=\"true\"} ", metrics.Replace("sim:", "sim-", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("source=\"model\",simulated=\"true\"} ", metrics, StringComparison.Ordinal);
        Assert.Contains("sim:h100-sxm:", (string?)took["device"], StringComparison.Ordinal);
        var factory = await http.GetFromJsonAsync<JsonObject>("/v1/factory", Stop);
        var devices = factory!["devices"]!.AsArray();
        Assert.Equal(["sim:h100-sxm:0", "sim:h100-sxm:1", "sim:h100-sxm:2"], devices.Select(d => (string)d!["device"]!));
        Assert.All(devices, d => Assert.True((bool)d!["simulated"]!));
        Assert.All(devices, d => Assert.Contains("simulated", (string)d!["description"]!, StringComparison.Ordinal));

        // A device begins with its lowest cap; without budgets the governor soon lifts it.
        await Until(http, power => (double)power["cap_watts"]! == 3 * 5600, "caps are as high as they go");

        // There are no hidden states to embed with.
        using var refused = await http.PostAsJsonAsync("/v1/embeddings", new { input = "What is 23 + 48?" }, Stop);
        Assert.Equal(400, (int)refused.StatusCode);
        Assert.Contains("is simulated and has no hidden states", await refused.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        await silo.Stop();
    }

    [Fact]
    public async Task A_budget_is_changed_over_http_and_what_is_wrong_with_one_is_said()
    {
        using var folder = new TemporaryFolder();
        var identity = SiloIdentity.Resolve(new ClusterOptions { MembershipFile = Path.Combine(folder.Path, "membership.json") });
        await using var silo = SiloHost.Build(
            Settings.Load(
            [
                new(Settings.Devices.Key, "sim:h100-sxm*3:tp8"), new(Settings.Model.Key, "sim:llama-3-70b-fp8"), new(Settings.PowerBudget.Key, "0.7"), new(Settings.Policy.Key, "least-queue"),
                new(Settings.Urls.Key, "http://127.0.0.1:0"), new(Settings.LogLevel.Key, "warning"), new(Settings.WarmUpSeconds.Key, "0"),
            ]),
            identity);
        await silo.Start(Stop);
        using var http = new HttpClient { BaseAddress = new Uri(silo.Urls[0]) };
        var power = await Until(http, p => (double)p["cap_watts"]! is > 11_000 and <= 11_760, "caps fill the budget of the command line");
        Assert.Equal((0, true, "local"), ((int)power["version"]!, (bool)power["simulated"]!, (string?)power["governor"]));

        using var changed = await http.PutAsJsonAsync(
            "/v1/factory/power", new { cluster_watts = 12_000, racks = new Dictionary<string, double> { ["rack-0"] = 9000 }, nodes = new Dictionary<string, double> { ["node-2"] = 2000 } }, Stop);
        Assert.True(changed.IsSuccessStatusCode, await changed.Content.ReadAsStringAsync(Stop));
        power = await Until(http, p => (double)p["cap_watts"]! is > 8500 and <= 9000 && Level(p, "node") <= 2000 && Level(p, "rack") <= 9000, "caps fit node and rack");
        Assert.Equal(1, (int)power["version"]!);
        Assert.Equal(3, power["levels"]!.AsArray().Count);
        Assert.Contains(power["events"]!.AsArray(), e => (string?)e!["what"] == "budgets changed");

        await Refused(new { cluster_wats = 5 }, "'cluster_wats' is not known here");
        await Refused(new { cluster_watts = -5 }, "'cluster_watts' must be a number from 1");
        await Refused(new { cluster_share = 0.5, cluster_watts = 5000 }, "given twice");
        await Refused(new { racks = new Dictionary<string, double> { ["rack-7"] = 9000 } }, "There is no rack 'rack-7'; there are: rack-0");
        Assert.Equal(1, (int)(await Power(http))["version"]!);
        await silo.Stop();

        async Task Refused(object budgets, string reason)
        {
            using var answer = await http.PutAsJsonAsync("/v1/factory/power", budgets, Stop);
            Assert.Equal(400, (int)answer.StatusCode);
            Assert.Contains(reason, (string?)(await answer.Content.ReadFromJsonAsync<JsonObject>(Stop))!["error"]!["message"], StringComparison.Ordinal);
        }
    }

    private static double? Level(JsonObject power, string kind) =>
        (double?)power["levels"]!.AsArray().FirstOrDefault(l => (string?)l!["kind"] == kind)?["cap_watts"];

    private static async Task<JsonObject> Power(HttpClient http) => (await http.GetFromJsonAsync<JsonObject>("/v1/factory/power", Stop))!;

    private static async Task<JsonObject> Until(HttpClient http, Predicate<JsonObject> condition, string what)
    {
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (true)
        {
            var power = await Power(http);
            if (condition(power))
            {
                return power;
            }

            Assert.True(DateTime.UtcNow < deadline, $"Waited 60 s in vain until {what}: {power}");
            await Task.Delay(50, Stop);
        }
    }

    [Theory]
    [InlineData("sim:h100-sxm*92:tp8", "sim:llama-3-70b-fp8", 92, 46, 46)]
    [InlineData("sim:h100-sxm*2:tp8,sim:h200*3:tp4", "sim:llama-3-70b-fp8", 5, 3, 2)]
    public void Simulated_devices_are_spread_over_the_device_silos(string devices, string model, int count, int first, int second)
    {
        var serving = new ServingOptions { Devices = devices, Model = model };
        Assert.Empty(serving.Problems());
        Assert.Equal(count, serving.DevicesOf(2));
        Assert.Equal(first, Enumerable.Range(0, count).Count(new DeviceShare(0, 2).Owns));
        Assert.Equal(second, Enumerable.Range(0, count).Count(new DeviceShare(1, 2).Owns));
    }

    [Theory]
    [InlineData("sim:h900", "sim:llama-3-70b-fp8", "--devices", "h100-sxm")]
    [InlineData("sim:h100-sxm*0", "sim:llama-3-8b", "--devices", "1 to")]
    [InlineData("sim:h100-sxm:tp8", "sim:llama-9", "--model", "llama-3.1-405b")]
    [InlineData("sim:h100-sxm:tp8", null, "--model", "llama-3-70b")]
    [InlineData("cpu", "sim:llama-3-8b", "--devices", "cpu is not simulated")]
    [InlineData("cpu,sim:h100-sxm", "sim:llama-3-8b", "--devices", "cpu is not simulated")]
    [InlineData("sim:h100-sxm", "sim:llama-3.1-405b", "--devices", ":tp8")]
    public void A_wrong_simulation_is_named_with_the_option_and_what_is_known(string devices, string? model, string option, string said)
    {
        var problem = Assert.Single(new ServingOptions { Devices = devices, Model = model }.Problems());
        Assert.Contains(option, problem, StringComparison.Ordinal);
        Assert.Contains(said, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1e9)]
    [InlineData(double.NaN)]
    public void A_wrong_speed_is_refused(double speed) =>
        Assert.Contains("--speed", Assert.Single(new ServingOptions { Speed = speed }.Problems()), StringComparison.Ordinal);

    [Theory]
    [InlineData("2/2")]
    [InlineData("1")]
    [InlineData("-1/2")]
    public void A_share_that_is_none_is_refused(string share) => Assert.Throws<FormatException>(() => DeviceShare.Parse(share));
}
