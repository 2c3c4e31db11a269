using System.Text.Json.Nodes;
using Crescent.Lab.Commands;
using Crescent.Tests.Client;

namespace Crescent.Tests.Lab.Commands;

public sealed class LabCommandTests : IDisposable
{
    private static readonly string[] Small =
        ["--trace", "poisson", "--devices", "sim:h100-sxm*2:tp8", "--full-rate", "10", "--seeds", "1", "--min-seconds", "0", "--max-seconds", "8", "--jobs", "1"];

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTerminal _terminal = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_study_runs_every_combination_it_is_asked_for_and_writes_what_it_found()
    {
        string[] study = ["--policies", "kv-queue,sticky", "--load", "0.5,1", "--budgets", "1,0.6", "--budget-step", "4:0.9"];
        Assert.Equal(0, await Run([.. study, "--json", _folder.At("out.json"), "--csv", _folder.At("out.csv"), "--plots", _folder.At("plots")]));
        var json = JsonNode.Parse(await File.ReadAllTextAsync(_folder.At("out.json"), TestContext.Current.CancellationToken))!;
        Assert.True((bool)json["simulated"]!);
        Assert.Equal(10, (double)json["fullLoad"]!["requestsPerSecond"]!);
        var runs = json["runs"]!.AsArray();
        Assert.Equal(
            [("kv-queue", 1, 0.5), ("sticky", 1, 0.5), ("kv-queue", 0.6, 0.5), ("sticky", 0.6, 0.5), ("kv-queue", 1, 1), ("sticky", 1, 1), ("kv-queue", 0.6, 1), ("sticky", 0.6, 1)],
            runs.Select(static run => ((string)run!["policy"]!, (double)run["budget"]!, (double)run["load"]!)));

        // Load 1 is 10 requests a second, for the 8 seconds that were asked for; and each run ended with the later budget.
        Assert.All(runs, static run => Assert.InRange((int)run!["requests"]! / (80 * (double)run["load"]!), 0.6, 1.4));
        Assert.All(runs, static run => Assert.Equal(
            0.9 * (double)run!["budget"]! * 16 * 700, 1e6 * (double)run["goodput"]! / (double)run["goodputPerBudgetMegawatt"]!, 1e-3));
        Assert.Equal(9, (await File.ReadAllLinesAsync(_folder.At("out.csv"), TestContext.Current.CancellationToken)).Length);
        Assert.Equal(5, Directory.GetFiles(_folder.At("plots"), "*.png").Length);
        Assert.Contains("simulated", _terminal.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("--budgets takes numbers above 0 and at most 1, with commas between them, not '1.2'.", "--budgets", "0.5,1.2")]
    [InlineData("--load takes numbers above 0 and at most 100, with commas between them, not 'full'.", "--load", "full")]
    [InlineData("--load names no number.", "--load", ",")]
    [InlineData("--budget-step takes SECONDS:FACTOR", "--budget-step", "120")]
    [InlineData("--budget-step takes SECONDS:FACTOR", "--budget-step", "120:1.5")]
    [InlineData("--budget-events takes SECONDS:FACTOR:SECONDS", "--budget-events", "60:0.7:1200,5:0.7")]
    [InlineData("--ramp is for a budget that moves", "--ramp", "500")]
    [InlineData("--rack-budgets takes a share for each of the 1 kinds", "--rack-budgets", "0.5,1")]
    [InlineData("'fastest' is no policy", "--policies", "kv-queue,fastest")]
    [InlineData("--seeds takes a whole number from 1 to 1000", "--seeds", "0")]
    public async Task A_wrong_option_is_refused_with_what_it_takes_and_nothing_runs(string words, string option, string value)
    {
        Assert.Equal(1, await Run([option, value, "--json", _folder.At("out.json")]));
        Assert.Contains(words, _terminal.Error.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.At("out.json")));
    }

    [Fact]
    public async Task Sessions_are_served_under_every_variant_and_load()
    {
        await File.WriteAllTextAsync(_folder.At("talk.jsonl"), Traces.SessionTraceTests.Talk, TestContext.Current.CancellationToken);
        string[] study =
        [
            "sessions", "--trace", _folder.At("talk.jsonl"), "--variants", "fcfs,las+keep", "--load", "0.5,1", "--full-rate", "0.2", "--seeds", "1", "--devices", "sim:h100-sxm*1:tp8",
            "--warm-up", "5", "--window", "60", "--jobs", "1", "--json", _folder.At("out.json"),
        ];
        Assert.Equal(0, await LabCommandLine.Run(study, _terminal.Terminal));
        var json = JsonNode.Parse(await File.ReadAllTextAsync(_folder.At("out.json"), TestContext.Current.CancellationToken))!;
        Assert.True((bool)json["simulated"]!);
        Assert.Equal([("fcfs", 0.5), ("las+keep", 0.5), ("fcfs", 1.0), ("las+keep", 1.0)], json["runs"]!.AsArray().Select(static run => ((string)run!["variant"]!, (double)run["load"]!)));
        Assert.All(json["runs"]!.AsArray(), static run => Assert.True((int)run!["tasks"]! > 0));
        Assert.Contains("simulated", _terminal.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_trace_file_that_is_not_there_is_named()
    {
        Assert.Equal(1, await Run(["--trace", "nowhere.csv"], without: "--trace"));
        Assert.Contains("nowhere.csv", _terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_trace_it_says_that_one_is_needed()
    {
        Assert.Equal(1, await Run([], without: "--trace"));
        Assert.Contains("lab needs --trace", _terminal.Error, StringComparison.Ordinal);
    }

    private Task<int> Run(string[] more, string? without = null)
    {
        // An option is given once: those of the small study give way.
        var args = new List<string>();
        for (var i = 0; i < Small.Length; i += 2)
        {
            if (Small[i] != without && !more.Contains(Small[i]))
            {
                args.AddRange(Small[i..(i + 2)]);
            }
        }

        return LabCommandLine.Run([.. args, .. more], _terminal.Terminal);
    }
}
