using System.Text.Json.Nodes;
using Crescent.Client.Commands;
using Crescent.Client.Connections;

namespace Crescent.Tests.Client.Commands;

public sealed class TopCommandTests
{
    private readonly FakeFactory _factory = new();
    private int _looks;

    [Fact]
    public async Task Output_that_is_no_terminal_gets_the_table_once()
    {
        var terminal = new FakeTerminal();
        Assert.Equal(0, await Run(terminal));
        Assert.Equal((1, 1), (Count(terminal.Output, "run-7"), Count(terminal.Output, "Tokens/s")));
    }

    [Fact]
    public async Task Once_shows_a_terminal_the_table_once()
    {
        var terminal = new FakeTerminal(human: true);
        Assert.Equal(0, await Run(terminal, "--once"));
        Assert.Equal(1, Count(terminal.Output, "Tokens/s"));
    }

    [Fact]
    public async Task Json_once_is_one_document_of_the_whole_state()
    {
        var terminal = new FakeTerminal();
        Assert.Equal(0, await Run(terminal, "--once", "--json"));
        var document = JsonNode.Parse(terminal.Output)!;
        Assert.Equal(["cluster_id", "model", "policy", "silos", "devices", "power", "tenants", "tasks"], document.AsObject().Select(p => p.Key));
        var device = document["devices"]![0]!;
        Assert.Equal(("device-1", 3, 384, 35.2), ((string?)device["silo"], (int?)device["waiting"], (int?)device["free_blocks"], (double?)device["watts"]));
        Assert.Equal("Dead", (string?)document["silos"]![2]!["status"]);
    }

    [Fact]
    public async Task Json_is_a_line_a_look_until_Ctrl_C()
    {
        var terminal = new FakeTerminal();
        _factory.State = () => Look(terminal, last: 2);
        Assert.Equal(0, await Run(terminal, "--json"));
        var lines = terminal.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.Equal("run-7", (string?)JsonNode.Parse(line)!["cluster_id"]));
    }

    [Fact]
    public async Task A_terminal_sees_the_table_again_and_again_until_Ctrl_C()
    {
        var terminal = new FakeTerminal(human: true);
        _factory.State = () => Look(terminal, last: 2) with { ClusterId = $"look-{_looks}" };
        Assert.Equal(0, await Run(terminal));
        Assert.Contains("look-1", terminal.Output);
        Assert.Contains("look-2", terminal.Output);
    }

    [Fact]
    public async Task A_factory_that_cannot_be_reached_is_one_line_and_an_exit_code()
    {
        var terminal = new FakeTerminal();
        _factory.State = () => throw new FactoryException("Nothing answers", "Start one.");
        Assert.Equal(1, await Run(terminal));
        Assert.Equal(("", "error: Nothing answers. Start one.\n"), (terminal.Output, terminal.Error));
    }

    private Crescent.Grains.Contracts.Factory.FactorySnapshot Look(FakeTerminal terminal, int last)
    {
        if (++_looks == last)
        {
            Assert.True(terminal.Interrupts.Raise());
        }

        return FakeFactory.Snapshot;
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private Task<int> Run(FakeTerminal terminal, params string[] args) =>
        ClientCommandLine.Run(["top", .. args], terminal.Terminal, _factory.Connect);
}
