using Crescent.Engine.Scheduling;
using Crescent.Lab.Fleet;
using Crescent.Lab.Studies;
using Crescent.Lab.Traces;

namespace Crescent.Tests.Lab.Studies;

public sealed class SessionStudyTests
{
    private static readonly FleetSpec Fleet = FleetSpec.Parse("sim:h100-sxm*1:tp8", "sim:llama-3-70b-fp8");

    [Fact]
    public void A_call_is_made_when_the_one_before_has_ended_and_its_pause_is_over()
    {
        var result = Run(Trace(turns: 4, pause: 20), rate: 0.05, seconds: 200);

        // Three pauses, and four answers of a second or so.
        Assert.InRange(result.TaskSecondsP50, 60 + (4 * 0.05), 60 + (4 * 5));
        Assert.Equal(result.MeanTaskSeconds - 60, result.MeanCallSeconds, 1e-3);
        Assert.Equal(0, result.Unfinished);
        Assert.InRange(result.Tasks, 4, 20);
    }

    [Fact]
    public void Sub_agents_work_side_by_side_and_are_waited_for()
    {
        var agent = Trace(turns: 2, pause: 10).Sessions[0];
        var trace = Trace(turns: 2, pause: 5);
        var turns = trace.Sessions[0].Turns;
        trace = trace with { Sessions = [trace.Sessions[0] with { Turns = [turns[0], turns[1] with { Agents = [agent, agent] }] }] };
        var result = Run(trace, rate: 0.05, seconds: 200);
        Assert.InRange(result.TaskSecondsP50, 15 + (4 * 0.05), 15 + (4 * 5));
    }

    [Fact]
    public void The_same_seed_gives_the_same_run_and_another_does_not()
    {
        var trace = Trace(turns: 3, pause: 2);
        var (first, second, other) = (Run(trace, 0.2, 60), Run(trace, 0.2, 60), Run(trace, 0.2, 60, seed: 1));
        Assert.Equal((first.MeanTaskSeconds, first.Fleet.Joules), (second.MeanTaskSeconds, second.Fleet.Joules));
        Assert.NotEqual(first.Fleet.Joules, other.Fleet.Joules);
    }

    [Fact]
    public void What_a_session_has_computed_is_found_again()
    {
        var result = Run(Trace(turns: 8, pause: 1), rate: 0.1, seconds: 100);
        Assert.InRange(result.CachedShare, 0.5, 1);
    }

    [Theory]
    [InlineData("fcfs", QueueOrder.Fcfs, false, false, 0)]
    [InlineData("las+keep", QueueOrder.Program, true, false, 0)]
    [InlineData("las+keep+pause+host", QueueOrder.Program, true, true, 7)]
    public void A_variant_says_what_engines_do(string name, QueueOrder order, bool keeps, bool holds, int host)
    {
        var engine = SessionVariant.Parse(name).Engine(hostBlocks: 7);
        Assert.Equal((order, keeps, holds, host), (engine.QueueOrder, engine.KeepsPrograms, engine.HeldFrom is not null, engine.HostBlocks));
    }

    [Theory]
    [InlineData("fast")]
    [InlineData("fcfs+las")]
    [InlineData("")]
    public void A_variant_that_there_is_not_is_refused(string name) => Assert.Throws<FormatException>(() => SessionVariant.Parse(name));

    private static SessionResult Run(SessionTrace trace, double rate, double seconds, int seed = 0)
    {
        using var fleet = new VirtualFleet(new FleetOptions { Spec = Fleet, Policy = "kv-queue", BlockSize = SessionTrace.BlockTokens, Seed = seed }, caches: true);
        return fleet.Run(trace, new SessionLoadOptions { Rate = rate, WarmUpSeconds = 10, WindowSeconds = seconds, PatienceSeconds = 600, Seed = seed });
    }

    /// <summary>One session: each call extends the one before by a block, and the last one ends the task.</summary>
    private static SessionTrace Trace(int turns, double pause) => new("made", [new Session("one", [.. Enumerable.Range(0, turns).Select(i => new SessionTurn(
        i == 0 ? 0 : pause, (20 + i) * SessionTrace.BlockTokens, 20, [.. Enumerable.Range(0, 20 + i)], i == turns - 1, []))])]);
}
