using Crescent.Agents.Strategies;
using Crescent.Agents.Tasks;
using Crescent.Grains.Agents;
using Crescent.Grains.Contracts.Agents;
using Orleans.Storage;

namespace Crescent.Tests.Grains.Agents;

/// <summary>A task's activation dies at each of its writes, before it is stored and after, and the next goes on from what is stored.</summary>
public sealed class AgentCrashTests(AgentCluster cluster) : IClassFixture<AgentCluster>
{
    [Theory]
    [InlineData("direct")]
    [InlineData("chain-of-thought")]
    [InlineData("self-consistency")]
    [InlineData("best-of-n")]
    [InlineData("plan-execute")]
    [InlineData("tree-of-thoughts")]
    [InlineData("map-reduce")]
    [InlineData("react")]
    [InlineData("reviewed")]
    public async Task A_crash_at_each_write_changes_neither_answer_nor_bill(string strategy)
    {
        if (!cluster.Strategies.Has("reviewed"))
        {
            cluster.Strategies.Add("reviewed", task => new Templated(Reviewed, task));
        }

        var spec = Spec(strategy);
        var count = cluster.Crashes[$"uncrashed-{strategy}"] = new Crash(0, false);
        await cluster.Task($"uncrashed-{strategy}").Submit(AgentCluster.Json(spec));
        var whole = await cluster.Ended($"uncrashed-{strategy}");
        Assert.Equal("done", whole.State);

        // One at a time: each step's end is a write of its own, and so is that a tool is about to be called.
        Assert.Equal(1 + whole.Bill.Calls + (2 * whole.Bill.ToolCalls), count.Writes);
        Assert.Equal(strategy == "react", whole.Bill.ToolCalls > 0);
        await Task.WhenAll(
            from write in Enumerable.Range(1, count.Writes)
            from afterStored in (bool[])[false, true]
            select Crashed(spec, whole, write, afterStored));
    }

    private async Task Crashed(TaskSpec spec, AgentView whole, int write, bool afterStored)
    {
        var id = $"crash-{spec.Strategy}-{write}-{(afterStored ? "after" : "before")}";
        var crash = cluster.Crashes[id] = new Crash(write, afterStored);
        try
        {
            await cluster.Task(id).Submit(AgentCluster.Json(spec));
        }
        catch (InconsistentStateException)
        {
            // It died before it had begun: whoever has no answer submits it again.
            Assert.Equal(1, write);
            await cluster.Task(id).Submit(AgentCluster.Json(spec));
        }

        var view = await cluster.Ended(id);
        Assert.True(crash.HasHappened, id);
        Assert.Equal((id, whole.State, whole.Answer, whole.Text, whole.Confidence, whole.Cause), (id, view.State, view.Answer, view.Text, view.Confidence, view.Cause));
        Assert.Equal(whole.Steps.Select(static step => (step.Id, step.State, step.Text, step.OutputTokens)), view.Steps.Select(static step => (step.Id, step.State, step.Text, step.OutputTokens)));
        Assert.Equal(AgentCluster.Comparable(whole.Bill), AgentCluster.Comparable(view.Bill));
        Assert.InRange(view.Bill.Lost.Attempts, 0, 1);

        // What is stored before it is announced is announced once: numbers and kinds are those of the whole.
        Assert.Equal(await Told(whole.Id), await Told(id));
        foreach (var step in view.Steps.Where(static step => step.Id.StartsWith("tool", StringComparison.Ordinal)))
        {
            Assert.InRange(cluster.Tool.Calls[$"{id}/{step.Id}"], 1, 2);
        }
    }

    private async Task<(long, string)[]> Told(string id)
    {
        var told = new List<(long, string)>();
        await foreach (var news in cluster.Task(id).Watch(0, TestContext.Current.CancellationToken))
        {
            told.Add((news.Number, news.Kind));
        }

        return [.. told];
    }

    private TaskSpec Spec(string strategy)
    {
        var spec = AgentCluster.Spec(strategy, strategy switch
        {
            "react" => "What is 71 * 913? Use the calculator.",
            "map-reduce" => "Add up the crates in this part.\nDay 1: 12 crates\nDay 2: 5 crates",
            _ => AgentCluster.Spec("direct").Problem,
        });
        return spec with
        {
            Settings = spec.Settings with { Samples = 3, Window = 3, Beam = 1, Branches = 2, Depth = strategy == "tree-of-thoughts" ? 2 : 10, MaxTokens = 80 },
            Tools = strategy == "react" ? [AgentTools.Describe(cluster.Tool)] : [],
            Budget = new TaskBudget { Parallelism = 1 },
        };
    }

    private static StrategyTemplate Reviewed => StrategyTemplate.Parse("""
        { "version": 1, "name": "reviewed", "steps": [
          { "id": "draft", "prompt": "{{ problem }} Think step by step.", "samples": 2 },
          { "id": "review", "prompt": "Problem: {{ problem }}\nAnswer: {{ draft }}\nIs this correct? Answer yes or no.", "repeat": 2, "until": "yes" },
          { "id": "final", "prompt": "{{ problem }} A draft says {{ draft }}." } ] }
        """);
}
