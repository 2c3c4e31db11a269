using System.Net;
using System.Text.Json.Nodes;
using Crescent.Client.Commands;
using Crescent.Client.Connections;
using Crescent.Client.Load.Draws;
using Crescent.Client.Mock;

namespace Crescent.Tests.Client.Commands;

public sealed class LoadCommandTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTerminal _terminal = new();
    private MockServer _server = MockServer.Start(
        new MockOptions { FirstSeconds = Distribution.Constant(0.01), GapSeconds = Distribution.Constant(0.001), JoulesPerToken = 0.5 }, new IPEndPoint(IPAddress.Loopback, 0));

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_table_has_both_clocks_and_the_lines_tell_tokens_energy_and_the_generator()
    {
        Assert.Equal(0, await Run("--concurrency", "4", "--requests", "20", "--output", "10", "--slo", "ttft=60s"));
        Assert.Matches(@"time to first token +intended .* 20 *\n", _terminal.Output);
        Assert.Matches(@"time to first token +actual .* 20 *\n", _terminal.Output);
        Assert.Contains("20 whole answers", _terminal.Output, StringComparison.Ordinal);
        Assert.Contains("(100.0 % keep ttft=60s, from the intended start)", _terminal.Output, StringComparison.Ordinal);
        Assert.Contains("tokens by usage: 200 of 200 asked for; /tokenize counts 0.0 % in 20 answers", _terminal.Output, StringComparison.Ordinal);
        Assert.Contains("energy, as the server tells (simulated): 100 J, 5 J a request, 2 tokens/J", _terminal.Output, StringComparison.Ordinal);
        Assert.Contains("generator: ", _terminal.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Results_go_to_JSON_CSV_lines_and_pictures()
    {
        Assert.Equal(0, await Run(
            "--rate", "200", "--requests", "30", "--output", "uniform:4,8", "--json", "--csv", _folder.At("a.csv"), "--records", _folder.At("a.jsonl"), "--plots", _folder.At("plots"), "--api-key", "secret_key"));
        var document = JsonNode.Parse(_terminal.Output)!;
        Assert.Equal((30, 30), ((int)document["calls"]!["whole"]!, (int)document["metrics"]!["ttft"]!["count"]!));
        Assert.True((double)document["metrics"]!["ttft"]!["p99"]! >= 0.01);
        Assert.Equal("tokenize", (string?)document["tokens"]!["tokens_per_word_by"]);
        Assert.Equal(1.0, (double)document["tokens"]!["tokens_per_word"]!);
        Assert.DoesNotContain("secret_key", _terminal.Output, StringComparison.Ordinal);
        var lines = await File.ReadAllLinesAsync(_folder.At("a.jsonl"), TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, 30), lines.Select(static line => (int)JsonNode.Parse(line)!["number"]!).Order());
        Assert.StartsWith("metric,clock,unit,count,mean", await File.ReadAllTextAsync(_folder.At("a.csv"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.All((string[])["latency.png", "timeline.png"], name => Assert.True(new FileInfo(_folder.At(Path.Combine("plots", name))).Length > 1000));
    }

    [Fact]
    public async Task A_run_ends_when_its_figures_hold_and_says_so()
    {
        Assert.Equal(0, await Run(
            "--concurrency", "8", "--output", "2", "--requests", "100000", "--stable", "80%", "--stable-within", "50%", "--stable-of", "latency.mean,requests_per_s", "--json", "--fail-if", "stable<1"));
        var document = JsonNode.Parse(_terminal.Output)!;
        var stability = document["stability"]!;
        Assert.Equal((true, true, 0.8, 0.5), ((bool)stability["stable"]!, (bool)document["complete"]!, (double)stability["confidence"]!, (double)stability["within"]!));
        Assert.InRange((int)document["calls"]!["whole"]!, 161, 99_999);
        Assert.True((double)stability["figures"]!["latency.mean"]!["half_width"]! <= 0.5 * (double)stability["figures"]!["latency.mean"]!["value"]!);
        Assert.Contains("stable over ", _terminal.Error, StringComparison.Ordinal);
        Assert.True((double)document["figures"]!["tokens_per_s_steady"]! > 0);
    }

    [Fact]
    public async Task A_run_whose_bound_comes_first_is_not_stable()
    {
        Assert.Equal(2, await Run("--concurrency", "8", "--output", "2", "--requests", "40", "--stable", "95%", "--fail-if", "stable<1"));
        Assert.Contains("not stable: too few answers to say so (within 5 % at 95 % confidence)", _terminal.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "ttft.p99>1ms")]
    [InlineData(0, "ttft.p99>60s")]
    [InlineData(2, "goodput<1000000")]
    [InlineData(0, "errors>1%")]
    public async Task A_condition_decides_the_exit_code(int code, string condition)
    {
        Assert.Equal(code, await Run("--requests", "4", "--output", "2", "--fail-if", condition));
        Assert.Equal(code == 2, _terminal.Error.Contains($"failed: {condition}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_of_which_nothing_succeeds_fails_and_misses_every_condition()
    {
        await Replace(new MockOptions { ErrorShare = 1, ErrorStatus = 503, FirstSeconds = Distribution.Constant(0) });
        Assert.Equal(1, await Run("--requests", "4", "--tokens-per-word", "1"));
        Assert.Contains("4 refused (503): ", _terminal.Output, StringComparison.Ordinal);
        Assert.Equal(2, await Run("--requests", "4", "--tokens-per-word", "1", "--fail-if", "ttft.p50>60s"));
        Assert.Contains("failed: ttft.p50>60s (it is not known)", _terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_a_tokenizer_is_measured_by_its_usage()
    {
        await Replace(new MockOptions { Tokenizer = false, GapSeconds = Distribution.Constant(0), FirstSeconds = Distribution.Constant(0) });
        Assert.Equal(0, await Run("--requests", "4", "--prompt", "100", "--output", "2", "--json"));
        var tokens = JsonNode.Parse(_terminal.Output)!["tokens"]!;
        Assert.Equal(("usage", 400, 400), ((string?)tokens["tokens_per_word_by"], (int)tokens["prompt"]!, (int)tokens["prompt_planned"]!));
    }

    [Fact]
    public async Task A_run_is_held_against_earlier_ones_in_a_table_and_on_a_page()
    {
        Assert.Equal(0, await Run("--requests", "6", "--output", "10", "--json"));
        await File.WriteAllTextAsync(_folder.At("before.json"), _terminal.Output, TestContext.Current.CancellationToken);
        await Replace(new MockOptions { FirstSeconds = Distribution.Constant(0.2), GapSeconds = Distribution.Constant(0.001) });
        var terminal = new FakeTerminal();
        Assert.Equal(0, await ClientCommandLine.Run(
            ["load", "--url", _server.Url.ToString(), "--requests", "6", "--output", "10", "--compare", _folder.At("before.json"), "--html", _folder.At("a.html"), "--png", _folder.At("a.png")],
            terminal.Terminal,
            NoConnector));
        var row = Assert.Single(terminal.Output.Split('\n'), static line => line.TrimStart().StartsWith("ttft.p50 ", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, row.Length);
        Assert.True(double.Parse(row[3], System.Globalization.CultureInfo.InvariantCulture) > 1, row[3]);
        var page = await File.ReadAllTextAsync(_folder.At("a.html"), TestContext.Current.CancellationToken);
        Assert.Contains("before", page, StringComparison.Ordinal);
        Assert.Equal(3, page.Split("<table>").Length);
        Assert.True(new FileInfo(_folder.At("a.png")).Length > 1000);
        Assert.Equal(1, await Run("--compare", _folder.At("a.html")));
        Assert.Contains("cannot be read", _terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_that_are_read_slowly_are_in_no_figure()
    {
        Assert.Equal(0, await Run("--requests", "20", "--output", "4", "--slow-readers", "0.5", "--slow-pause", "1ms", "--json"));
        var document = JsonNode.Parse(_terminal.Output)!;
        var slow = (int)document["slow_readers"]!["ended"]!;
        Assert.InRange(slow, 3, 17);
        Assert.Equal((20 - slow, slow), ((int)document["calls"]!["whole"]!, (int)document["slow_readers"]!["whole"]!));
    }

    [Theory]
    [InlineData("completions")]
    [InlineData("responses")]
    [InlineData("embeddings")]
    public async Task Other_endpoints_are_asked_too(string endpoint)
    {
        Assert.Equal(0, await Run("--requests", "4", "--endpoint", endpoint, "--output", "3", "--json"));
        var document = JsonNode.Parse(_terminal.Output)!;
        Assert.Equal((4, 4), ((int)document["calls"]!["whole"]!, (int)document["metrics"]!["latency"]!["count"]!));
        Assert.Equal(endpoint == "embeddings" ? 0 : 4, (int)document["metrics"]!["ttft"]!["count"]!);
        Assert.Equal((int)document["tokens"]!["prompt_planned"]!, (int)document["tokens"]!["prompt"]!);
    }

    [Fact]
    public async Task Sessions_of_a_file_are_played_turn_after_turn()
    {
        await File.WriteAllTextAsync(
            _folder.At("s.jsonl"),
            """{"id":"a","block_size":64,"requests":[{"t":0,"in":100,"out":4,"hash_ids":[1,2],"stop":"tool_use","api_time":1},{"t":2,"in":200,"out":5,"hash_ids":[1,2,3,4],"stop":"end_turn","api_time":1,"think_time":0.05}]}""" + "\n",
            TestContext.Current.CancellationToken);
        Assert.Equal(0, await Run("--trace", _folder.At("s.jsonl"), "--concurrency", "2", "--requests", "3", "--records", _folder.At("r.jsonl"), "--json"));
        var lines = (await File.ReadAllLinesAsync(_folder.At("r.jsonl"), TestContext.Current.CancellationToken)).Select(static line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(6, lines.Count);
        foreach (var session in lines.GroupBy(static line => (string)line["program"]!))
        {
            var turns = session.OrderBy(static line => (int)line["number"]!).ToList();
            Assert.Equal([100, 200], turns.Select(static line => (int)line["planned_prompt_tokens"]!));

            // The next turn is meant to start its pause after the answer: by neither clock sooner.
            Assert.Equal((double)turns[0]["ended"]! + 0.05, (double)turns[1]["intended"]!, 6);
            Assert.True((double)turns[1]["started"]! >= (double)turns[1]["intended"]!);
        }
    }

    [Theory]
    [InlineData("--speed", "2")]
    [InlineData("--concurrency", "3")]
    public async Task Agents_of_a_file_wait_for_all_that_they_wait_for(params string[] pace)
    {
        await File.WriteAllTextAsync(_folder.At("a.jsonl"), Lab.Traces.WorkflowFileTests.Agents, TestContext.Current.CancellationToken);
        Assert.Equal(0, await Run(["--trace", _folder.At("a.jsonl"), "--requests", "2", "--records", _folder.At("r.jsonl"), "--json", .. pace]));
        var lines = (await File.ReadAllLinesAsync(_folder.At("r.jsonl"), TestContext.Current.CancellationToken)).Select(static line => JsonNode.Parse(line)!).ToDictionary(static line => (int)line["planned_prompt_tokens"]!);
        Assert.Equal([100, 600, 1024, 1100, 1600], lines.Keys.Order());

        // Each is meant to start its delay after the last that it waits for, its tools' time included: the child beside the parent's second call, the last after both.
        Assert.Equal(Moment(1024, "ended") + 0.02, Moment(1100, "intended"), 6);
        Assert.Equal(Moment(1024, "ended") + 0.01, Moment(600, "intended"), 6);
        Assert.Equal(Math.Max(Moment(1100, "ended"), Moment(600, "ended")) + 0.15, Moment(1600, "intended"), 6);
        Assert.Equal(pace[0] == "--speed" ? 0.25 : 0, Moment(1024, "intended") - Moment(100, "intended"), 6);
        Assert.Equal((string?)lines[1024]["program"] + ".1", (string?)lines[600]["program"]);
        Assert.Equal((string?)lines[1024]["program"], (string?)lines[1600]["program"]);

        double Moment(int call, string name) => (double)lines[call][name]!;
    }

    [Fact]
    public async Task What_waits_for_a_call_without_an_answer_is_not_made()
    {
        await Replace(new MockOptions { ErrorShare = 1, ErrorStatus = 503, FirstSeconds = Distribution.Constant(0) });
        await File.WriteAllTextAsync(_folder.At("a.jsonl"), Lab.Traces.WorkflowFileTests.Agents, TestContext.Current.CancellationToken);
        Assert.Equal(1, await Run("--trace", _folder.At("a.jsonl"), "--speed", "100", "--tokens-per-word", "1", "--json"));
        Assert.Equal(2, (int)JsonNode.Parse(_terminal.Output)!["calls"]!["refused"]!);
    }

    [Theory]
    [InlineData("--concurrency, --rate and --burst exclude each other", "--concurrency", "4", "--rate", "3")]
    [InlineData("--slo takes ttft=T,itl=T,latency=T", "--slo", "tpot=3s")]
    [InlineData("--fail-if takes METRIC.STATISTIC>VALUE", "--fail-if", "ttft.p101>2s")]
    [InlineData("--output takes V, uniform:LOW,HIGH", "--output", "many")]
    [InlineData("--arrivals takes poisson, constant, or gamma:CV", "--rate", "1", "--arrivals", "pareto")]
    [InlineData("--think goes with --turns", "--think", "1s")]
    [InlineData("--system goes with --shared", "--system")]
    [InlineData("--system is of chats", "--shared", "10", "--system", "--endpoint", "completions")]
    [InlineData("--retry-after takes a time", "--retry-after", "soon")]
    [InlineData("--trace names a file that does not exist", "--trace", "/nowhere/t.csv")]
    [InlineData("--extra takes a JSON object", "--extra", "[1]")]
    [InlineData("--stable takes a share from 0.5 to 0.999", "--stable", "95")]
    [InlineData("--stable-within goes with --stable", "--stable-within", "5%")]
    [InlineData("--stable-of tokens_per_s is of tokens of answers", "--stable", "95%", "--stable-of", "tokens_per_s", "--endpoint", "embeddings")]
    [InlineData("--stable-of ttft.p50 is of answers that come as events", "--stable", "95%", "--stable-of", "latency.p50,ttft.p50", "--no-stream")]
    [InlineData("--stable-of itl.mean is of answers that come as events", "--stable", "95%", "--stable-of", "itl.mean", "--no-stream")]
    [InlineData("--stable-of takes tokens_per_s, requests_per_s, or METRIC", "--stable", "95%", "--stable-of", "latency")]
    public async Task A_wrong_option_is_refused_with_what_it_takes(string words, params string[] options)
    {
        Assert.Equal(1, await Run(options));
        Assert.Contains(words, _terminal.Error, StringComparison.Ordinal);
        Assert.Equal(0, _server.Record.Requests);
    }

    [Fact]
    public async Task Ctrl_C_ends_a_run_and_keeps_what_was_measured()
    {
        await Replace(new MockOptions { FirstSeconds = Distribution.Constant(0.005), GapSeconds = Distribution.Constant(0.001) });
        var running = Run("--concurrency", "2", "--seconds", "1h", "--output", "4", "--json");
        while (_server.Record.Whole < 20 && !running.IsCompleted)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.True(_terminal.Interrupts.Raise());
        Assert.Equal(130, await running);
        var document = JsonNode.Parse(_terminal.Output)!;
        Assert.Equal((false, true), ((bool)document["complete"]!, (int)document["calls"]!["whole"]! >= 10));
    }

    private async Task Replace(MockOptions options)
    {
        await _server.DisposeAsync();
        _server = MockServer.Start(options, new IPEndPoint(IPAddress.Loopback, 0));
    }

    private Task<int> Run(params string[] options) => ClientCommandLine.Run(["load", "--url", _server.Url.ToString(), .. options], _terminal.Terminal, NoConnector);

    private static Task<IFactoryConnection> NoConnector(ConnectionSettings settings, CancellationToken cancellationToken) => throw new InvalidOperationException("A load goes over HTTP.");
}
