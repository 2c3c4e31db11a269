using Crescent.Client.Agents;
using Crescent.Client.Connections;

namespace Crescent.Tests.Client.Agents;

public sealed class AgentFollowerTests
{
    private static readonly AgentNews Started = new() { Number = 1, Kind = "step_started", Step = "answer" };
    private static readonly AgentNews Piece = new() { Kind = "tokens", Step = "answer", Text = "2" };
    private static readonly AgentNews Finished = new() { Number = 2, Kind = "step_finished", Step = "answer" };
    private static readonly AgentNews Done = new() { Number = 3, Kind = "done" };

    private readonly FakeAgents _agents = new();

    [Fact]
    public async Task A_connection_that_breaks_is_taken_up_behind_the_last_event_and_none_is_told_twice()
    {
        _agents.News = (_, after, _) => after == 0 ? FakeAgents.Break(Started, Piece, Finished) : FakeAgents.Tell(Finished, Done);
        Assert.Equal([Started, Piece, Finished, Done], await Follow(TimeSpan.FromMinutes(1)));
        Assert.Equal([("agent-1", 0), ("agent-1", 2)], _agents.Watched);
    }

    [Fact]
    public async Task A_connection_that_ends_before_the_task_is_taken_up_too()
    {
        _agents.News = (_, after, _) => after == 0 ? FakeAgents.Tell(Started) : FakeAgents.Tell(Finished, Done);
        Assert.Equal([Started, Finished, Done], await Follow(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task When_no_connection_can_be_had_for_too_long_it_says_why()
    {
        _agents.News = static (_, _, _) => throw new FactoryException("Nothing answers", "Start one.") { ConnectionLost = true };
        Assert.Equal("Nothing answers", (await Assert.ThrowsAsync<FactoryException>(() => Follow(TimeSpan.Zero))).Message);
    }

    [Fact]
    public async Task A_refusal_is_no_matter_of_patience()
    {
        _agents.News = static (_, _, _) => throw new FactoryException("There is no task", "Look.");
        await Assert.ThrowsAsync<FactoryException>(() => Follow(TimeSpan.FromMinutes(1)));
        Assert.Single(_agents.Watched);
    }

    private async Task<List<AgentNews>> Follow(TimeSpan patience)
    {
        var heard = new List<AgentNews>();
        await foreach (var news in new AgentFollower(_agents, patience).Follow("agent-1", TestContext.Current.CancellationToken))
        {
            heard.Add(news);
        }

        return heard;
    }
}
