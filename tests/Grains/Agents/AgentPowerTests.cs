using System.Text.Json;
using Crescent.Agents.Tasks;
using Crescent.Grains.Contracts.Agents;

namespace Crescent.Tests.Grains.Agents;

/// <summary>The governor's price is what the test says, in all silos.</summary>
public sealed class AgentPowerTests(AgentCluster cluster) : IClassFixture<AgentCluster>
{
    [Theory]
    [InlineData("self-consistency")]
    [InlineData("best-of-n")]
    [InlineData("tree-of-thoughts")]
    public async Task While_power_is_dear_a_task_of_the_batch_class_fans_out_less_and_comes_to_the_same(string strategy)
    {
        var spec = AgentCluster.Spec(strategy) with { Priority = "batch", Budget = new TaskBudget { Parallelism = 8 } };
        spec = spec with { Settings = spec.Settings with { Samples = 8, Window = 8, Branches = 6, Beam = 1, Depth = 2, MaxTokens = 60 } };
        var whole = await Play($"cheap-{strategy}", spec, 0);
        Assert.DoesNotContain(whole.Events, static news => news.Kind == "power");
        Assert.True(cluster.Crowds[$"cheap-{strategy}"].Most > 2);

        // A quarter of the steps, at a price at which devices do not hold calls yet.
        var dear = await Play($"dear-{strategy}", spec, 6);
        Assert.Equal((whole.View.State, whole.View.Answer), (dear.View.State, dear.View.Answer));
        Assert.Equal(2, cluster.Crowds[$"dear-{strategy}"].Most);
        Assert.Contains("2 of up to 8 steps", dear.Events.First(static news => news.Kind == "power").Json, StringComparison.Ordinal);

        // Who is waited for is not narrowed.
        var standard = await Play($"standard-{strategy}", spec with { Priority = "standard" }, 6);
        Assert.DoesNotContain(standard.Events, static news => news.Kind == "power");
    }

    [Fact]
    public async Task A_task_under_way_is_narrowed_when_power_becomes_dear_and_widened_when_it_is_cheap()
    {
        var spec = AgentCluster.Spec("best-of-n") with { Priority = "batch", Budget = new TaskBudget { Parallelism = 4 } };
        spec = spec with { Settings = spec.Settings with { Samples = 12, MaxTokens = 40 } };
        var gates = Enumerable.Range(0, 12).Select(i => cluster.Gates[$"turning/sample-{i}"] = new CallGate()).ToArray();
        try
        {
            var task = cluster.Task("turning");
            await task.Submit(AgentCluster.Json(spec));
            await Task.WhenAll(gates[..4].Select(static gate => gate.Reached));
            cluster.Power.Set(8);
            gates[0].Open();
            gates[1].Open();
            gates[2].Open();
            await FactoryCluster.UntilAsync(async () => (await task.Show())!.Steps.Count(static step => step.State == "done") == 3, "three samples are done");
            Assert.Equal(4, (await task.Show())!.Steps.Count);
            cluster.Power.Set(0);
            gates[3].Open();
            await Task.WhenAll(gates[4..8].Select(static gate => gate.Reached));
            foreach (var gate in gates)
            {
                gate.Open();
            }

            var view = await cluster.Ended("turning");
            Assert.Equal(("done", 12), (view.State, view.Bill.Calls));
            var told = await Events("turning");
            Assert.Equal(
                ["Power is short: 1 of up to 4 steps at once. The price of power is 8.0 points.", "Power is enough: up to 4 steps at once again. The price of power is 0.0 points."],
                told.Where(static news => news.Kind == "power").Select(static news => JsonDocument.Parse(news.Json).RootElement.GetProperty("text").GetString()));
        }
        finally
        {
            cluster.Power.Set(0);
        }
    }

    private async Task<(AgentView View, List<AgentEvent> Events)> Play(string id, TaskSpec spec, double price)
    {
        cluster.Power.Set(price);
        try
        {
            await cluster.Task(id).Submit(AgentCluster.Json(spec));
            return (await cluster.Ended(id), await Events(id));
        }
        finally
        {
            cluster.Power.Set(0);
        }
    }

    private async Task<List<AgentEvent>> Events(string id)
    {
        var events = new List<AgentEvent>();
        await foreach (var news in cluster.Task(id).Watch(0, TestContext.Current.CancellationToken))
        {
            events.Add(news);
        }

        return events;
    }
}
