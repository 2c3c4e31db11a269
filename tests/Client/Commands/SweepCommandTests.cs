using System.Net;
using System.Text.Json.Nodes;
using Crescent.Client.Commands;
using Crescent.Client.Connections;
using Crescent.Client.Load.Draws;
using Crescent.Client.Mock;

namespace Crescent.Tests.Client.Commands;

public sealed class SweepCommandTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTerminal _terminal = new();
    private readonly MockServer _server = MockServer.Start(
        new MockOptions { FirstSeconds = Distribution.Constant(0.01), GapSeconds = Distribution.Constant(0.002), JoulesPerToken = 0.5 }, new IPEndPoint(IPAddress.Loopback, 0));

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_sweep_goes_to_a_table_and_to_four_files()
    {
        Assert.Equal(0, await Run("--at", "1,2,4", "--seconds", "400ms", "--warm-up", "100ms", "--output", "20", "--slo", "ttft=60s", "--power", "2kW", "--hopper", "--out", _folder.At("out"), "--api-key", "secret_key"));
        var document = JsonNode.Parse(await File.ReadAllTextAsync(_folder.At(Path.Combine("out", "sweep.json")), TestContext.Current.CancellationToken))!;
        var points = document["points"]!.AsArray();
        Assert.Equal([1, 2, 4], points.Select(static point => (double)point!["load"]!));
        Assert.All(points, static point => Assert.Equal((double)point!["tokens_per_s"]! * 500, (double)point["tokens_per_s_per_megawatt"]!, 1.0));
        Assert.Equal((4.0, "2kW, as given", true), ((double)document["slo_point"]!, (string?)document["power_by"], (bool)document["simulated"]!));
        Assert.NotNull(points[0]!["run"]!["metrics"]!["ttft"]);
        Assert.Contains("the most with ttft=60s kept by 95 %: 4 requests at a time", _terminal.Output, StringComparison.Ordinal);
        Assert.All((string[])["sweep.csv", "sweep.html", "frontier.png"], name => Assert.True(new FileInfo(_folder.At(Path.Combine("out", name))).Length > 100));
        Assert.DoesNotContain("secret_key", await File.ReadAllTextAsync(_folder.At(Path.Combine("out", "sweep.html")), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Figures_are_of_the_server_s_clock()
    {
        Assert.Equal(0, await Run("--at", "2", "--seconds", "400ms", "--warm-up", "0", "--output", "20", "--clock", "0.01", "--json"));
        var point = JsonNode.Parse(_terminal.Output)!["points"]![0]!;
        var run = point["run"]!;
        Assert.Equal((double)run["metrics"]!["user_tps"]!["p50"]! * 100, (double)point["tokens_per_s_per_user"]!, 1.0);
        Assert.Equal((double)run["metrics"]!["ttft"]!["p95"]! / 100, (double)point["ttft_p95"]!, 1e-5);

        // The mock charges half a joule a token: so many watts at so many tokens a second of its time.
        Assert.InRange((double)point["watts"]! / ((double)point["tokens_per_s"]! * 0.5), 0.99, 1.01);
    }

    [Theory]
    [InlineData("--concurrency", "4")]
    [InlineData("--power", "70%")]
    [InlineData("--at", "1.5")]
    [InlineData("--tiers", "20:10s")]
    public async Task What_a_sweep_does_not_take_is_refused(string option, string value)
    {
        Assert.NotEqual(0, await Run(option, value));
        Assert.Contains(option, _terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_arrivals_of_a_trace_come_so_many_times_as_fast()
    {
        await File.WriteAllLinesAsync(
            _folder.At("t.jsonl"),
            Enumerable.Range(0, 16).Select(static i => $$"""{"timestamp":{{i * 120}},"input_length":20,"output_length":2,"hash_ids":[1]}"""),
            TestContext.Current.CancellationToken);
        Assert.Equal(0, await Run("--over", "speed", "--at", "1,20", "--trace", _folder.At("t.jsonl"), "--warm-up", "0", "--json"));
        var runs = JsonNode.Parse(_terminal.Output)!["points"]!.AsArray().Select(static point => point!["run"]!).ToList();
        Assert.Equal([16, 16], runs.Select(static run => (int)run["calls"]!["whole"]!));
        Assert.True((double)runs[0]["seconds"]! > 1.7);
        Assert.True((double)runs[0]["seconds"]! > 2 * (double)runs[1]["seconds"]!);
        Assert.Equal(1, await Run("--over", "speed", "--at", "1"));
        Assert.Equal(1, await Run("--over", "speed", "--at", "1", "--trace", _folder.At("t.jsonl"), "--speed", "2"));
        Assert.Contains("A sweep over speed is one of a --trace", _terminal.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("concurrency")]
    [InlineData("agents")]
    [InlineData("speed")]
    public async Task Gaps_are_drawn_over_rate_alone(string axis)
    {
        Assert.Equal(1, await Run("--over", axis, "--at", "1", "--arrivals", "constant"));
        Assert.Contains("--arrivals goes with a sweep --over rate", _terminal.Error, StringComparison.Ordinal);
        Assert.Equal(0, _server.Record.Requests);
    }

    [Fact]
    public async Task Agents_are_sessions_and_nothing_else()
    {
        Assert.Equal(1, await Run("--over", "agents", "--at", "1"));
        Assert.Contains("An agent is a session", _terminal.Error, StringComparison.Ordinal);
        Assert.Equal(0, await Run("--over", "agents", "--at", "2", "--turns", "3", "--output", "5", "--seconds", "300ms", "--warm-up", "0", "--tiers", "1:60s"));
        Assert.Contains("agents with 1 tokens/s (p25) and ttft p95 of at most 60 s: 2", _terminal.Output, StringComparison.Ordinal);
    }

    private Task<int> Run(params string[] args) => ClientCommandLine.Run(
        ["sweep", "--url", _server.Url.ToString(), .. args], _terminal.Terminal, (_, _) => throw new FactoryException("none", "none"));
}
