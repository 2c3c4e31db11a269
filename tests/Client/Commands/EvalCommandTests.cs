using System.Text.Json.Nodes;
using Crescent.Client.Commands;
using Crescent.Client.Evaluation;

namespace Crescent.Tests.Client.Commands;

public sealed class EvalCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeFactory _factory = new();
    private readonly FakeTerminal _terminal = new();

    public EvalCommandTests() => File.WriteAllLines(
        _folder.At("data.jsonl"), Enumerable.Range(0, 4).Select(static i => $$"""{"id":"p{{i}}","problem":"Problem {{i}}","answer":{{(i < 3 ? 24 : 25)}},"steps":2}"""));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Each_setting_is_measured_on_every_problem_with_the_same_seeds()
    {
        Assert.Equal(0, await Run("--strategy", "chain-of-thought,self-consistency", "--samples", "1,4", "--seed", "10", "--setting", "temperature=0.5", "--json"));
        var document = JsonNode.Parse(_terminal.Output)!;
        Assert.Equal(
            [("chain-of-thought", null, 3, 4), ("self-consistency", 1, 3, 4), ("self-consistency", 4, 3, 4)],
            document["settings"]!.AsArray().Select(static s => ((string?)s!["setting"]!["strategy"], (int?)s["setting"]!["samples"], (int?)s["solved"], (int?)s["problems"])));
        Assert.True((bool)document["complete"]!);
        Assert.Equal((0.75, 3.0, 4.0), ((double?)document["settings"]![0]!["accuracy"], (double?)document["settings"]![0]!["joules"], (double?)document["settings"]![0]!["joules_per_solved"]));
        var asked = _factory.Tasks.Submitted.Select(static s => s.Body).GroupBy(static b => ((string?)b["strategy"], (int?)b["settings"]!["samples"])).ToList();
        Assert.All(asked, static group => Assert.Equal([10, 11, 12, 13], group.Select(static b => (long)b["seed"]!).Order()));
        Assert.All(_factory.Tasks.Submitted, static s => Assert.Equal(0.5, (double)s.Body["settings"]!["temperature"]!));
        Assert.Equal(12, _factory.Tasks.Submitted.Select(static s => s.Key).Distinct().Count());
    }

    [Fact]
    public async Task The_table_says_what_was_solved_with_its_interval_and_what_it_took()
    {
        Assert.Equal(0, await Run("--samples", "4", "--limit", "3"));
        Assert.Matches(@"self-consistency +0\.95 +4 +3/3 +100\.0 % +43\.9 % to 100\.0 % +2\.00 +120 +32 +2\.00 +3\.000 +3\.000", _terminal.Output);
    }

    [Fact]
    public async Task An_interrupted_run_keeps_what_has_ended_and_cancels_what_has_not()
    {
        _factory.Tasks.News = (id, _, cancel) => id == "agent-2"
            ? FakeAgents.Stall(() => _terminal.Interrupts.Raise(), cancel)
            : FakeAgents.Tell(new Crescent.Client.Connections.AgentNews { Number = 1, Kind = "done" });
        Assert.Equal(130, await Run("--parallel", "1", "--samples", "4", "--out", _folder.At("out")));
        Assert.Contains("2/2", _terminal.Output, StringComparison.Ordinal);
        Assert.Contains("Not all problems were tried", _terminal.Error, StringComparison.Ordinal);
        Assert.Equal(["agent-2"], _factory.Tasks.Cancelled);
        var outcomes = await File.ReadAllLinesAsync(_folder.At(Path.Combine("out", EvalFolder.Outcomes)), TestContext.Current.CancellationToken);
        Assert.Equal(["p0", "p1"], outcomes.Select(static line => (string?)JsonNode.Parse(line)!["id"]));
        var summary = JsonNode.Parse(await File.ReadAllTextAsync(_folder.At(Path.Combine("out", EvalFolder.Summary)), TestContext.Current.CancellationToken))!;
        Assert.Equal((false, 2), ((bool)summary["complete"]!, (int)summary["settings"]![0]!["problems"]!));
        Assert.True(new FileInfo(_folder.At(Path.Combine("out", EvalFolder.Picture))).Length > 1000);
    }

    [Fact]
    public async Task A_key_is_in_no_file_that_is_written()
    {
        Assert.Equal(0, await Run("--samples", "4", "--out", _folder.At("out"), "--key", "crescent_secret"));
        var summary = await File.ReadAllTextAsync(_folder.At(Path.Combine("out", EvalFolder.Summary)), TestContext.Current.CancellationToken);
        Assert.Contains("--samples 4", summary, StringComparison.Ordinal);
        Assert.DoesNotContain("crescent_secret", summary, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--samples takes up to 64 whole numbers from 1 to 128, with commas between them, not '1,129'.", "--samples", "1,129")]
    [InlineData("--confidence takes up to 64 numbers from 0.5 to 1, with commas between them, not '0.4'.", "--confidence", "0.4")]
    [InlineData("--limit takes a whole number from 1 to 1000000, not '0'.", "--limit", "0")]
    [InlineData("--parallel takes a whole number from 1 to 256, not '257'.", "--parallel", "257")]
    [InlineData("--strategy takes 1 to 16 names of strategies, with commas between them, not ','.", "--strategy", ",")]
    [InlineData("--setting beam takes a whole number from 1 to 16, not '0'.", "--setting", "beam=0")]
    public async Task A_wrong_option_is_refused_with_what_it_takes_and_nothing_is_sent(string words, string option, string value)
    {
        Assert.Equal(1, await Run(option, value));
        Assert.Contains(words, _terminal.Error, StringComparison.Ordinal);
        Assert.Empty(_factory.Connected);
    }

    private Task<int> Run(params string[] args) =>
        ClientCommandLine.Run(["eval", "--data", _folder.At("data.jsonl"), .. args, "--url", "http://host"], _terminal.Terminal, _factory.Connect);
}
