using Crescent.Client.Rendering;
using Crescent.Grains.Contracts.Factory;

namespace Crescent.Tests.Client.Rendering;

public sealed class DecisionTableTests
{
    [Theory]
    [InlineData(null, null, "→ no device could take it")]
    [InlineData("a/gpu", null, "→ a/gpu, which did not take it")]
    [InlineData("a/gpu", "a/gpu", "→ a/gpu\n")]
    [InlineData("a/gpu", "a/other", "→ a/gpu, taken by its neighbour a/other")]
    public void The_title_says_who_was_chosen_and_who_took_it(string? chosen, string? taken, string said) =>
        Assert.Contains(said, Shown(Decision with { Chosen = chosen, Taken = taken }), StringComparison.Ordinal);

    [Fact]
    public void What_a_call_had_to_follow_why_it_came_again_and_who_is_left_out_is_told()
    {
        Assert.Contains("had to go to a/gpu if it could", Shown(Decision with { Preferred = "a/gpu" }), StringComparison.Ordinal);
        Assert.Contains("attempt 2, since its device was lost", Shown(Decision with { Attempt = 2, Cause = "its device was lost" }), StringComparison.Ordinal);
        Assert.Contains("and 7 devices more", Shown(Decision with { Omitted = 7 }), StringComparison.Ordinal);
        Assert.Contains("Did not answer: silo-3", Shown(Decision, "silo-3"), StringComparison.Ordinal);
    }

    private static PlacementDecisionReport Decision { get; } = new()
    {
        RequestId = "chatcmpl-1",
        Silo = "front",
        Policy = "power-aware",
        Terms = ["points"],
        Chosen = "a/gpu",
        Taken = "a/gpu",
        Candidates = [new DecisionCandidate { Device = "a/gpu", Gate = "Open", Terms = [1], Score = 1 }],
    };

    private static string Shown(PlacementDecisionReport decision, params string[] silent)
    {
        var terminal = new FakeTerminal(width: 400);
        terminal.Terminal.Output.Write(DecisionTable.Of(new DecisionAnswer([decision], silent)));
        return string.Join('\n', terminal.Output.Split('\n').Select(static line => line.TrimEnd()));
    }
}
