using System.Text.Json.Nodes;
using Crescent.Client.Commands;
using Crescent.Grains.Contracts.Planning;

namespace Crescent.Tests.Client.Commands;

public sealed class PlannerCommandTests
{
    private static readonly PlannerSnapshot Plan = new()
    {
        Mode = "dry-run",
        Planner = "front",
        Of = "statefulset/crescent-device",
        Replicas = 2,
        Ready = 2,
        Needed = 3,
        Expected = 4,
        Planned = 4,
        Utilisation = 1.2,
        Watts = 2400,
        BudgetWatts = 5000,
        Sequences = 130,
        ContextTokens = 40_000,
        PromptSeconds = 0.5,
        Why = "4 are needed in 120 s",
        Simulated = true,
        Events = [new PlannerEventSnapshot(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), "would ask for 4 instead of 2: 4 are needed in 120 s")],
    };

    private readonly FakeFactory _factory = new() { Plan = Plan };
    private readonly FakeTerminal _terminal = new();

    [Fact]
    public async Task It_shows_how_many_there_are_and_should_be_and_why()
    {
        Assert.Equal(0, await Run());
        var shown = _terminal.Output.ReplaceLineEndings(" ");
        Assert.Contains("statefulset/crescent-device: 2 replicas, 2 serve · would ask for 4 · dry-run, planner in front", shown, StringComparison.Ordinal);
        Assert.Contains("120 % of what the promise allows", shown, StringComparison.Ordinal);
        Assert.Contains("03:04:05 would ask for 4 instead of 2", shown, StringComparison.Ordinal);
        Assert.Contains("(simulated)", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_as_JSON()
    {
        Assert.Equal(0, await Run("--json"));
        var shown = JsonNode.Parse(_terminal.Output)!;
        Assert.Equal((4, "4 are needed in 120 s", 5000.0), ((int)shown["planned"]!, (string?)shown["why"], (double)shown["budget_watts"]!));
    }

    [Fact]
    public async Task What_went_wrong_stands_first_and_one_that_is_off_says_so()
    {
        _factory.Plan = Plan with { Fault = "Kubernetes did not read statefulset/crescent-device: 403" };
        Assert.Equal(0, await Run());
        Assert.StartsWith("Kubernetes did not read", _terminal.Output.TrimStart(), StringComparison.Ordinal);
        _factory.Plan = new PlannerSnapshot { Mode = "off" };
        Assert.Equal(0, await Run());
        Assert.Contains("the planner is off", _terminal.Output, StringComparison.Ordinal);
    }

    private Task<int> Run(params string[] args) => ClientCommandLine.Run(["planner", .. args], _terminal.Terminal, _factory.Connect);
}
