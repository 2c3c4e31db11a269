using System.Text.Json.Nodes;
using Crescent.Client.Commands;
using Crescent.Client.Connections;
using Crescent.Grains.Contracts.Local;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Tests.Grains;

namespace Crescent.Tests.Client;

/// <summary>The console against a real silo in this process: the embedded model, over both transports.</summary>
public sealed class LocalFactoryTests : IAsyncLifetime
{
    private const string Question = "What is 23 + 48?";

    private SiloHost _silo = null!;
    private LocalCluster _cluster = null!;

    private string Announcement => Path.Combine(LocalCluster.Folder(_cluster.ClusterId), LocalCluster.FileName);

    public async ValueTask InitializeAsync()
    {
        var identity = SiloIdentity.Resolve(new ClusterOptions());
        _silo = SiloHost.Build(
            Settings.Load(
            [
                new(Settings.Model.Key, TestFiles.TinyModel),
                new(Settings.Urls.Key, "http://127.0.0.1:0"),
                new(Settings.KvBlocks.Key, "512"),
                new(Settings.LogLevel.Key, "warning"), new(Settings.WarmUpSeconds.Key, "0"),
            ]),
            identity);
        await _silo.Start(TestContext.Current.CancellationToken);
        _cluster = new LocalCluster
        {
            ClusterId = identity.ClusterId,
            MembershipFile = identity.MembershipFile,
            Url = _silo.Urls[0],
            ProcessId = Environment.ProcessId,
            Started = DateTimeOffset.UtcNow,
            Model = _silo.Model,
        };
        _cluster.Write();
    }

    public async ValueTask DisposeAsync()
    {
        await _silo.Stop();
        await _silo.DisposeAsync();
        Directory.Delete(LocalCluster.Folder(_cluster.ClusterId), recursive: true);
    }

    [Fact]
    public async Task Both_transports_answer_alike()
    {
        foreach (var way in Ways())
        {
            var run = JsonNode.Parse((await Run("", ["run", Question, "--json", .. way])).Output)!;
            Assert.Equal(("23 + 48 = 71", "stop"), ((string?)run["text"], (string?)run["finish_reason"]));
            var usage = run["usage"]!;
            Assert.True((int?)usage["prompt_tokens"] > 10 && (int?)usage["completion_tokens"] > 5 && (double?)usage["joules"] > 0, usage.ToJsonString());
            Assert.Equal(("local/cpu", "model"), ((string?)usage["device"], (string?)usage["joules_source"]));

            var chat = await Run($"{Question}\n{Question}\n", ["chat", .. way]);
            Assert.StartsWith("23 + 48 = 71\n", chat.Output, StringComparison.Ordinal);
            Assert.Equal(2, chat.Error.Split("modelled").Length - 1);

            var top = await Run("", ["top", .. way]);
            Assert.Contains($"Crescent {_cluster.ClusterId} · model {_cluster.Model}", top.Output, StringComparison.Ordinal);
            Assert.Contains("local all  cpu", top.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_conversation_beyond_the_context_is_refused_in_words_over_both_transports()
    {
        foreach (var way in Ways())
        {
            var run = await Run(string.Concat(Enumerable.Repeat("word ", 3000)), ["run", "-", .. way], exit: 1);
            Assert.Equal("", run.Output);
            Assert.Matches(@"^error: .*2048.* Change the prompt or the option it names\.\n$", run.Error);
        }
    }

    [Fact]
    public async Task A_device_is_drained_and_put_back_over_both_transports()
    {
        foreach (var way in Ways())
        {
            var drain = await Run("", ["drain", "local/cpu", .. way]);
            Assert.Equal("local/cpu is drained: it takes no new calls.\nlocal/cpu is empty.\n", drain.Output);
            Assert.Contains("cpu (drained)", (await Run("", ["top", .. way])).Output, StringComparison.Ordinal);
            Assert.Contains("drained: by an operator", (await Run("", ["run", Question, .. way], exit: 1)).Error, StringComparison.Ordinal);
            Assert.Equal("local/cpu is back in service.\n", (await Run("", ["drain", "local/cpu", "--undo", .. way])).Output);
            await FactoryCluster.UntilAsync(
                async () => !(await Run("", ["top", .. way])).Output.Contains("drained", StringComparison.Ordinal), "the factory hears of it");
            Assert.Equal("23 + 48 = 71", (string?)JsonNode.Parse((await Run("", ["run", Question, "--json", .. way])).Output)!["text"]);
        }
    }

    [Fact]
    public async Task What_is_not_there_is_answered_alike_over_both_transports()
    {
        foreach (var way in Ways())
        {
            Assert.Matches(
                @"^error: No decision about 'nothing' is remembered: each front end keeps its last 4096, by the `id` of the completion\. Check the id, .*\n$",
                (await Run("", ["explain", "nothing", .. way], exit: 1)).Error);
            Assert.Matches(@"^error: The factory has no device 'local/gpu'; it has local/cpu\. Name one .*\n$", (await Run("", ["drain", "local/gpu", .. way], exit: 1)).Error);
        }
    }

    [Fact]
    public async Task A_load_asks_the_same_and_measures_the_same_over_both_transports()
    {
        var runs = new List<JsonNode>();
        foreach (var way in (string[][])[["--cluster", Announcement, "--orleans"], ["--url", _cluster.Url]])
        {
            runs.Add(JsonNode.Parse((await Run("", ["load", "--concurrency", "2", "--requests", "3", "--turns", "2", "--shared", "60", "--system", "--prompt", "40", "--output", "8", "--extra", "{\"temperature\":0}", "--json", .. way])).Output)!);
        }

        foreach (var run in runs)
        {
            Assert.Equal((6, 6, true), ((int)run["calls"]!["whole"]!, (int)run["metrics"]!["ttft"]!["count"]!, (double)run["energy"]!["joules"]! > 0));
            Assert.InRange((double)run["tokens"]!["prompt"]! / (double)run["tokens"]!["prompt_planned"]!, 0.9, 1.1);
        }

        Assert.Equal(runs[1]["tokens"]!["prompt"]!.ToJsonString(), runs[0]["tokens"]!["prompt"]!.ToJsonString());
        Assert.Equal(runs[1]["tokens"]!["by_usage"]!.ToJsonString(), runs[0]["tokens"]!["by_usage"]!.ToJsonString());
    }

    private IEnumerable<string[]> Ways() => [["--cluster", Announcement], ["--url", _cluster.Url]];

    private static async Task<FakeTerminal> Run(string input, string[] args, int exit = 0)
    {
        var terminal = new FakeTerminal(input);
        var code = await ClientCommandLine.Run(args, terminal.Terminal, ConnectionSettings.Connect);
        Assert.True(code == exit, $"{code}: {terminal.Error}");
        return terminal;
    }
}
