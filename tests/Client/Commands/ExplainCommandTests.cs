using System.Text.Json.Nodes;
using Crescent.Client.Commands;

namespace Crescent.Tests.Client.Commands;

public sealed class ExplainCommandTests
{
    private readonly FakeFactory _factory = new();

    [Fact]
    public async Task The_candidates_stand_by_score_with_the_chosen_one_marked_and_each_term_named()
    {
        var terminal = new FakeTerminal();
        Assert.Equal(0, await Run(terminal));
        Assert.Equal(["chatcmpl-7"], _factory.Explained);
        var rows = terminal.Output.Split('\n').Where(static l => l.Contains("/cpu ", StringComparison.Ordinal) && !l.Contains("chatcmpl", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["device-3/cpu", "device-2/cpu", "device-1/cpu"], rows.Select(static r => r.Split(' ', StringSplitOptions.RemoveEmptyEntries).First(static c => c.Contains('/', StringComparison.Ordinal))));
        Assert.Equal([false, true, false], rows.Select(static r => r.Contains('►', StringComparison.Ordinal)));
        Assert.Equal(
            ["►", "device-2/cpu", "Open", "0.75", "0.25", "0.5", "96", "125", "20", "7.5", "30"], rows[1].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        Assert.Contains("T1: first term / s", terminal.Output, StringComparison.Ordinal);
        Assert.Contains("T2: second term / J", terminal.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_decision_about_a_stream_that_went_on_elsewhere_says_why()
    {
        var terminal = new FakeTerminal();
        _factory.Explanation = FakeFactory.Decisions with { Decisions = [FakeFactory.Decisions.Decisions[0] with { Attempt = 2, Cause = "device-1/cpu is drained by an operator" }] };
        Assert.Equal(0, await Run(terminal));
        Assert.Contains("attempt 2, since device-1/cpu is drained by an operator ·", terminal.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_is_the_whole_answer()
    {
        var terminal = new FakeTerminal();
        Assert.Equal(0, await Run(terminal, "--json"));
        var decision = JsonNode.Parse(terminal.Output)!["decisions"]!.AsArray().Single()!;
        Assert.Equal("device-2/cpu", (string)decision["chosen"]!);
        Assert.Equal(3, decision["candidates"]!.AsArray().Count);
    }

    [Fact]
    public async Task Without_an_id_it_says_that_one_is_needed()
    {
        var terminal = new FakeTerminal();
        Assert.NotEqual(0, await ClientCommandLine.Run(["explain"], terminal.Terminal, _factory.Connect));
        Assert.Empty(_factory.Connected);
    }

    private Task<int> Run(FakeTerminal terminal, params string[] args) =>
        ClientCommandLine.Run(["explain", "chatcmpl-7", .. args], terminal.Terminal, _factory.Connect);
}
