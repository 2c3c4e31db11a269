using System.Text;
using System.Text.Json.Nodes;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Tests.Grains;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>Two front ends and two device silos: what one front end was asked, the other can be asked for.</summary>
public sealed class IdempotencyClusterTests : IAsyncLifetime
{
    private const string Chat = "/v1/chat/completions";
    private const string Two = """{"messages":[{"role":"user","content":"Tell me a story."}],"n":2,"max_tokens":600,"ignore_eos":true,"temperature":1,"seed":3,"stream":true}""";
    private const string Schema = """{"messages":[{"role":"user","content":"Count."}],"temperature":0,"stream":true,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"array","items":{"type":"integer","minimum":100,"maximum":999},"minItems":250,"maxItems":250}}}}""";

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, SiloHost> _silos = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (var (name, role) in new[] { ("device-1", SiloRole.Device), ("device-2", SiloRole.Device), ("front-1", SiloRole.Front), ("front-2", SiloRole.Front) })
        {
            var identity = SiloIdentity.Resolve(new ClusterOptions { Role = role, Name = name, ClusterId = "kept", MembershipFile = _folder.At("membership.json") });
            _silos[name] = SiloHost.Build(
                Settings.Load(
                [
                    new(Settings.Model.Key, TestFiles.TinyModel),
                    new(Settings.Urls.Key, "http://127.0.0.1:0"),
                    new(Settings.KvBlocks.Key, "512"),
                    new(Settings.Threads.Key, "1"),
                    new(Settings.LogLevel.Key, "warning"),
                    new(Settings.WarmUpSeconds.Key, "0"),
                    new(Settings.DrainSeconds.Key, "0"),
                ]),
                identity);
            await _silos[name].Start(Stop);
        }

        foreach (var front in new[] { "front-1", "front-2" })
        {
            using var http = Http(front);
            await FactoryCluster.UntilAsync(
                async () => (int?)JsonNode.Parse(await http.GetStringAsync("/health", Stop).ContinueWith(static t => t.IsCompletedSuccessfully ? t.Result : "{}", TaskScheduler.Default))!["devices"] == 2,
                $"{front} sees both devices");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos.Values.Reverse())
        {
            await silo.Stop();
            await silo.DisposeAsync();
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task A_stream_goes_on_at_another_front_end_when_its_own_is_gone()
    {
        var expected = new Dictionary<string, string>();
        using var second = Http("front-2");
        foreach (var body in new[] { Two, Schema })
        {
            using var plain = await IdempotencyTests.Send(second, Chat, body);
            expected[body] = Texts(await IdempotencyTests.Text(plain));
        }

        var seen = new Dictionary<string, string>();
        using var first = Http("front-1");
        foreach (var body in expected.Keys)
        {
            var answer = await IdempotencyTests.Send(first, Chat, body, "key " + body.Length);
            var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Stop));
            var text = new StringBuilder();
            for (var line = 0; line < 24; line++)
            {
                text.Append(await reader.ReadLineAsync(Stop)).Append('\n');
            }

            seen[body] = text.ToString();
        }

        Assert.True(_silos.Remove("front-1", out var gone));
        await gone.Stop();
        await gone.DisposeAsync();
        foreach (var (body, text) in seen)
        {
            var last = text.Split("\n\n")[..^1][^1].Split('\n')[0]["id: ".Length..];
            using var answer = await IdempotencyTests.Send(second, Chat, body, "key " + body.Length, last);
            Assert.Equal("true", Assert.Single(answer.Headers.GetValues("Idempotent-Replayed")));
            var rest = await IdempotencyTests.Text(answer);
            Assert.StartsWith($"id: {int.Parse(last, null) + 1}\n", rest, StringComparison.Ordinal);
            Assert.Equal(expected[body], Texts(text + rest));
        }
    }

    private HttpClient Http(string front) => new() { BaseAddress = new Uri(_silos[front].Urls[0]) };

    /// <summary>The text of each choice, one behind the other.</summary>
    private static string Texts(string events) => string.Join('\n', events.Split('\n')
        .Where(static line => line.StartsWith("data: {", StringComparison.Ordinal))
        .SelectMany(static line => JsonNode.Parse(line["data: ".Length..])!["choices"]!.AsArray())
        .GroupBy(static choice => (int)choice!["index"]!)
        .OrderBy(static choice => choice.Key)
        .Select(static choice => string.Concat(choice.Select(static c => (string?)c!["delta"]?["content"]))));
}
