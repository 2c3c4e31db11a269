using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Tests.Grains;

namespace Crescent.Tests.Silo;

/// <summary>A silo whose two devices serve a model each; the second is a copy of the first under the name of its file.</summary>
public sealed class SeveralModelsTests : IAsyncLifetime
{
    private const string Tiny = "crescent-tiny";
    private const string Twin = "twin";
    private const int Streams = 8;
    private const int Long = 600;

    private readonly TemporaryFolder _folder = new();
    private SiloHost _silo = null!;
    private HttpClient _http = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var twin = Path.Combine(_folder.Path, "twin.gguf");
        File.Copy(TestFiles.TinyModel, twin);
        var identity = SiloIdentity.Resolve(new ClusterOptions { MembershipFile = Path.Combine(_folder.Path, "membership.json") });
        _silo = SiloHost.Build(
            Settings.Load(
            [
                new(Settings.Devices.Key, $"cpu={TestFiles.TinyModel},cpu={twin}"),
                new(Settings.Aliases.Key, "gpt-4o-mini=twin"),
                new(Settings.Urls.Key, "http://127.0.0.1:0"),
                new(Settings.KvBlocks.Key, "1024"),
                new(Settings.LogLevel.Key, "warning"),
                new(Settings.WarmUpSeconds.Key, "0"),
            ]),
            identity);
        await _silo.Start(Stop);
        _http = new HttpClient { BaseAddress = new Uri(_silo.Urls[0]) };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _silo.Stop();
        await _silo.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Calls_go_to_a_device_that_serves_their_model()
    {
        var models = await _http.GetFromJsonAsync<JsonObject>("/v1/models", Stop);
        Assert.Equal([Tiny, Twin], models!["data"]!.AsArray().Select(static m => (string)m!["id"]!));
        foreach (var (name, device) in new[] { (Tiny, "local/cpu:0"), (Twin, "local/cpu:1"), ("gpt-4o-mini", "local/cpu:1"), ("twin.gguf", "local/cpu:1"), (null, "local/cpu:0") })
        {
            var answer = await Answer(name);
            Assert.Equal(device, (string)answer["usage"]!["crescent"]!["device"]!);
            Assert.Equal(device.EndsWith('0') ? Tiny : Twin, (string)answer["model"]!);
        }

        using var missing = await Post("gpt-5");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        var error = (await missing.Content.ReadFromJsonAsync<JsonObject>(Stop))!["error"]!;
        Assert.Equal("There is no model 'gpt-5'; this server serves 'crescent-tiny', 'twin'.", (string)error["message"]!);
        Assert.Equal("model_not_found", (string)error["code"]!);
        Assert.Contains("vllm:time_to_first_token_seconds_count{model_name=\"twin\"} 3\n", await _http.GetStringAsync("/metrics", Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_loads_another_model_on_command_once_its_streams_have_ended()
    {
        // Nobody else has the model, so the streams go on where they are; together they take seconds.
        var running = Post(Tiny, maxTokens: Long, choices: Streams);
        await Until(static device => (int)device["running"]! + (int)device["waiting"]! > 0);
        using (var order = await _http.PostAsJsonAsync("/v1/factory/devices/local/cpu:0/model", new { model = "gpt-4o-mini" }, Stop))
        {
            Assert.Equal(HttpStatusCode.Accepted, order.StatusCode);
        }

        using (var answer = await running)
        {
            var whole = (await answer.Content.ReadFromJsonAsync<JsonObject>(Stop))!;
            Assert.Equal((Streams * Long, "local/cpu:0"), ((int)whole["usage"]!["completion_tokens"]!, (string)whole["usage"]!["crescent"]!["device"]!));
        }

        await Until(static device => (string)device["model"]! == Twin && (string)device["stage"]! == "serving" && device["loading"] is null);
        using (var drained = await _http.PostAsJsonAsync("/v1/factory/devices/local/cpu:1/drain", new { }, Stop))
        {
            drained.EnsureSuccessStatusCode();
        }

        Assert.Equal("local/cpu:0", (string)(await Answer(Twin))["usage"]!["crescent"]!["device"]!);
        using var nobody = await Post(Tiny);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, nobody.StatusCode);
        Assert.NotNull(nobody.Headers.RetryAfter);
        Assert.Contains("No device serves", await nobody.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("local/cpu:7", "twin", HttpStatusCode.NotFound, "device_not_found")]
    [InlineData("local/cpu:0", "gpt-5", HttpStatusCode.NotFound, "model_not_found")]
    public async Task An_order_for_what_there_is_not_is_refused_by_name(string device, string model, HttpStatusCode status, string code)
    {
        using var answer = await _http.PostAsJsonAsync($"/v1/factory/devices/{device}/model", new { model }, Stop);
        Assert.Equal((status, code), (answer.StatusCode, (string)(await answer.Content.ReadFromJsonAsync<JsonObject>(Stop))!["error"]!["code"]!));
    }

    private async Task<JsonObject> Answer(string? model)
    {
        using var answer = await Post(model);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonObject>(Stop))!;
    }

    private Task<HttpResponseMessage> Post(string? model, int maxTokens = 2, int choices = 1) =>
        _http.PostAsJsonAsync("/v1/completions", new { model, prompt = "Once", n = choices, max_tokens = maxTokens, temperature = 0, ignore_eos = true }, Stop);

    private Task Until(Predicate<JsonNode> holds) => FactoryCluster.UntilAsync(
        async () => holds((await _http.GetFromJsonAsync<JsonObject>("/v1/factory", Stop))!["devices"]!.AsArray().Single(static d => (string)d!["device"]! == "cpu:0")!),
        "the device's state");
}
