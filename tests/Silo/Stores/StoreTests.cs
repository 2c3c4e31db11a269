using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Tests.Grains;

namespace Crescent.Tests.Silo.Stores;

/// <summary>A front end and a device silo that keep membership and state in a real server, which dies under load and comes again.</summary>
public sealed class StoreTests : IAsyncDisposable
{
    private const int Streams = 64;
    private const int Tasks = 20;

    private readonly TemporaryFolder _folder = new();
    private readonly List<SiloHost> _silos = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos.AsEnumerable().Reverse())
        {
            await silo.Stop();
            await silo.DisposeAsync();
        }

        _folder.Dispose();
    }

    [Theory]
    [InlineData("redis")]
    [InlineData("postgres")]
    public async Task A_store_that_is_killed_under_load_and_comes_again_costs_no_stream_and_no_task(string kind)
    {
        await using var server = await StoreServer.Create(kind);
        await server.Start();
        await Join(server, kind, "device-1", SiloRole.Device);
        await Join(server, kind, "front", SiloRole.Front);
        using var http = new HttpClient { BaseAddress = new Uri(_silos[1].Urls[0]), Timeout = TimeSpan.FromMinutes(3) };
        await Health(http, static health => (int)health["devices"]! == 1 && health["store"] is null, "all serve");
        var undisturbed = await Task.WhenAll(Enumerable.Range(0, Streams).Select(i => Text(http, i, null)));

        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var texts = Enumerable.Range(0, Streams).Select(i => Text(http, i, first)).ToArray();
        var accepted = await Task.WhenAll(Enumerable.Range(0, Tasks).Select(i => Submit(http, i)));
        Assert.All(accepted, static answer => Assert.Equal(HttpStatusCode.Accepted, answer.Status));
        await first.Task.WaitAsync(TimeSpan.FromSeconds(60), Stop);
        await server.Kill();
        await Health(http, static health => health["store"] is not null && (string)health["status"]! == "ok", "its absence is told of");
        Assert.NotEmpty(await Text(http, 0, null));
        var refused = await Submit(http, Tasks);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (refused.Status, refused.RetryAfter));

        var joins = Join(server, kind, "device-2", SiloRole.Device);
        Assert.NotSame(joins, await Task.WhenAny(joins, Task.Delay(TimeSpan.FromSeconds(2), Stop)));
        await server.Start();
        await joins;
        await Health(http, static health => (int)health["silos"]! == 3 && (int)health["devices"]! == 2 && health["store"] is null, "the silo that waited has joined");
        Assert.Equal(undisturbed, await Task.WhenAll(texts));
        foreach (var task in accepted)
        {
            JsonNode? shown = null;
            await FactoryCluster.UntilAsync(async () => (bool)(shown = await Json(http, $"/v1/agents/{task.Id}"))["has_ended"]!, $"{task.Id} has ended");
            Assert.NotNull((string?)shown!["answer"]);
        }

        Assert.Equal(Tasks, (await Json(http, "/v1/agents"))["data"]!.AsArray().Count);

        // Silos stop without it too, within the time that a stop may take: Orleans would try to write into it for two minutes a silo.
        await server.Kill();
        foreach (var silo in _silos.AsEnumerable().Reverse())
        {
            await silo.Stop().WaitAsync(silo.StopTimeout * 2, Stop);
        }
    }

    private async Task Join(StoreServer server, string kind, string name, SiloRole role)
    {
        var store = new StoreOptions { Store = kind == "redis" ? StoreKind.Redis : StoreKind.Postgres, StoreConnection = server.Connection };
        var silo = SiloHost.Build(
            Settings.Load(
            [
                new(Settings.Model.Key, TestFiles.TinyModel),
                new(Settings.Urls.Key, "http://127.0.0.1:0"),
                new(Settings.KvBlocks.Key, "2048"),
                new(Settings.Threads.Key, "1"),
                new(Settings.LogLevel.Key, "error"),
                new(Settings.WarmUpSeconds.Key, "0"),
                new(Settings.DrainSeconds.Key, "0"),
                new(Settings.Store.Key, kind),
                new(Settings.StoreConnection.Key, server.Connection),
            ]),
            SiloIdentity.Resolve(new ClusterOptions { Role = role, Name = name, MembershipFile = _folder.At("none") }, store));
        lock (_silos)
        {
            _silos.Add(silo);
        }

        await silo.Start(Stop);
    }

    private static Task Health(HttpClient http, Predicate<JsonNode> wanted, string what) => FactoryCluster.UntilAsync(
        async () =>
        {
            using var answer = await http.GetAsync("/health", Stop);
            return wanted(JsonNode.Parse(await answer.Content.ReadAsStringAsync(Stop))!);
        },
        what);

    private static async Task<JsonNode> Json(HttpClient http, string path) => JsonNode.Parse(await http.GetStringAsync(path, Stop))!;

    private static async Task<string> Text(HttpClient http, int number, TaskCompletionSource? begun)
    {
        var body = $$"""{"prompt":"Story {{number}} begins.","max_tokens":160,"ignore_eos":true,"temperature":0,"stream":true}""";
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Stop));
        var text = new StringBuilder();
        while (await reader.ReadLineAsync(Stop) is { } line)
        {
            if (line == "data: [DONE]")
            {
                return text.ToString();
            }

            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                text.Append((string?)JsonNode.Parse(line[6..])!["choices"]![0]!["text"]);
                begun?.TrySetResult();
            }
        }

        Assert.Fail($"Stream {number} ended without [DONE] after '{text}'.");
        return "";
    }

    private static async Task<(HttpStatusCode Status, bool RetryAfter, string? Id)> Submit(HttpClient http, int number)
    {
        var body = $$"""{"problem":"Tom has {{number}} apples and buys 12 more. How many apples does he have now?","strategy":"self-consistency","settings":{"samples":6,"confidence":1} }""";
        using var answer = await http.PostAsync("/v1/agents", new StringContent(body, Encoding.UTF8, "application/json"), Stop);
        var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Stop))!;
        return (answer.StatusCode, answer.Headers.RetryAfter is not null, (string?)json["id"]);
    }
}
