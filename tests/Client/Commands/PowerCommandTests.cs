using System.Text.Json.Nodes;
using Crescent.Client.Commands;

namespace Crescent.Tests.Client.Commands;

public sealed class PowerCommandTests
{
    private readonly FakeFactory _factory = new();
    private readonly FakeTerminal _terminal = new();

    [Fact]
    public async Task It_shows_budgets_caps_and_what_is_done_to_keep_them()
    {
        Assert.Equal(0, await Run());
        Assert.Contains("power 1210 W · caps 1468 W · budget 1470 W (70 % of the nameplate) · governor in device-1, uniform-cap", _terminal.Output, StringComparison.Ordinal);
        Assert.Contains("batch calls wait (simulated)", _terminal.Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Contains("defer_batch", _terminal.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.5", null, 0.5)]
    [InlineData("1.2kW", 1200.0, null)]
    [InlineData("none", null, null)]
    public async Task A_budget_replaces_that_of_the_cluster_and_no_other(string text, double? watts, double? share)
    {
        Assert.Equal(0, await Run("--budget", text, "--json"));
        var budgets = JsonNode.Parse(_terminal.Output)!["budgets"]!;
        Assert.Equal((watts, share), ((double?)budgets["cluster_watts"], (double?)budgets["cluster_share"]));
        Assert.Equal(900, (double?)budgets["racks"]!["r1"]);
        Assert.Equal(watts, _factory.Power.Budgets.ClusterWatts);
    }

    [Fact]
    public async Task A_budget_that_is_none_is_told()
    {
        Assert.Equal(1, await Run("--budget", "lots"));
        Assert.Contains("--budget takes watts above 1", _terminal.Error, StringComparison.Ordinal);
        Assert.Equal(0, _factory.Power.Version);
    }

    private Task<int> Run(params string[] args) => ClientCommandLine.Run(["power", .. args], _terminal.Terminal, _factory.Connect);
}
