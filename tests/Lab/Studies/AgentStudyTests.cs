using Crescent.Lab.Fleet;
using Crescent.Lab.Studies;
using Crescent.Lab.Traces;

namespace Crescent.Tests.Lab.Studies;

public sealed class AgentStudyTests
{
    [Fact]
    public void As_many_agents_are_found_as_a_tier_allows_and_fewer_in_a_harder_one()
    {
        // Ten turns of ever longer prompts, a second apart.
        var turns = Enumerable.Range(1, 10).Select(static n => new SessionTurn(1, 640 * n, 64, [.. Enumerable.Range(0, 10 * n)], n == 10, [])).ToList();
        var options = new AgentStudyOptions
        {
            Trace = new SessionTrace("talk", [new Session("a", turns), new Session("b", turns)]),
            Systems = [("h100", FleetSpec.Parse("sim:h100", "sim:llama-3-8b-fp8"))],
            Tiers = [new AgentTier(20, 10), new AgentTier(100, 1), new AgentTier(1e6, 1)],
            WarmUpSeconds = 15,
            WindowSeconds = 20,
            MostAgents = 64,
        };
        var runs = AgentStudy.Run(options, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(3, runs.Count);
        Assert.True(runs[0].Agents >= runs[1].Agents && runs[1].Agents > 0, $"{runs[0].Agents} and {runs[1].Agents}");
        Assert.Equal(0, runs[2].Agents);
        Assert.All(runs.Take(2), static run => Assert.True(run.Tier.IsMet(run.SpeedP25, run.TtftP95)));
        Assert.True(runs[0].PerMegawatt > runs[0].PerMegawattAtWall);
        Assert.Equal(runs[0].Agents, runs[0].PerGpu);
        Assert.True(runs[0].CachedShare > 0.5);
        var limit = Assert.IsType<AgentLimit>(runs[2].Limit);
        Assert.Equal(1, limit.Agents);
        Assert.False(runs[2].Tier.IsMet(limit.SpeedP25, limit.TtftP95));
        Assert.True(limit.BusyShare is > 0 and <= 1 && limit.PromptShare is > 0 and < 1 && limit.MostKvShare is > 0 and <= 1, $"{limit}");
    }

    [Fact]
    public void Each_policy_is_searched_for_itself_and_clocks_fall_to_what_the_tier_leaves()
    {
        var turns = Enumerable.Range(1, 10).Select(static n => new SessionTurn(2, 640 * n, 64, [.. Enumerable.Range(0, 10 * n)], n == 10, [])).ToList();
        var options = new AgentStudyOptions
        {
            Trace = new SessionTrace("talk", [new Session("a", turns)]),
            Systems = [("h100", FleetSpec.Parse("sim:h100*2", "sim:llama-3-8b-fp8"))],
            Policies = ["kv-queue", "kv-queue+efficient"],
            Tiers = [new AgentTier(20, 10)],
            WarmUpSeconds = 10,
            WindowSeconds = 15,
            FewestAgents = 16,
            MostAgents = 16,
        };
        Assert.Equal(2, AgentStudy.Count(options));
        var runs = AgentStudy.Run(options, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(["kv-queue", "kv-queue+efficient"], runs.Select(static run => run.Policy));
        Assert.All(runs, static run => Assert.Equal(16, run.Agents));
        Assert.All(runs, static run => Assert.Null(run.Limit));
        Assert.True(runs[1].WattsPerGpu < 0.9 * runs[0].WattsPerGpu, $"{runs[1].WattsPerGpu} against {runs[0].WattsPerGpu} W");
        Assert.True(runs[1].SpeedP25 < runs[0].SpeedP25);
        Assert.Equal(16e6 / (2 * runs[0].WattsPerGpu), runs[0].PerMegawatt, 1.0);
    }

    [Fact]
    public void So_many_sessions_go_on_at_once_as_there_are_agents()
    {
        var session = new Session("a", [.. Enumerable.Range(1, 4).Select(static n => new SessionTurn(0.5, 64 * n, 32, [.. Enumerable.Range(0, n)], n == 4, []))]);
        var trace = new SessionTrace("talk", [session]);
        var (few, many) = (Calls(2), Calls(8));
        Assert.InRange(many / few, 3.5, 4.5);

        double Calls(int agents)
        {
            using var fleet = new VirtualFleet(new FleetOptions { Spec = FleetSpec.Parse("sim:h100", "sim:llama-3-8b-fp8"), Policy = "kv-queue" }, caches: true);
            return fleet.Run(trace, new SessionLoadOptions { Rate = 1, Agents = agents, WarmUpSeconds = 10, WindowSeconds = 30, PatienceSeconds = 0 }, TestContext.Current.CancellationToken).CallsPerSecond;
        }
    }

    [Theory]
    [InlineData(20, 10, true)]
    [InlineData(19.9, 10, false)]
    [InlineData(20, 10.1, false)]
    [InlineData(20, double.PositiveInfinity, false)]
    public void A_tier_asks_for_speed_and_for_a_first_token(double speed, double ttft, bool isMet) => Assert.Equal(isMet, AgentTier.All[0].IsMet(speed, ttft));
}
