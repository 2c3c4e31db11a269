using Crescent.Agents.Tasks;
using Crescent.Grains.Agents;
using Crescent.Grains.Contracts.Agents;

namespace Crescent.Tests.Grains.Agents;

/// <summary>Silos die under tasks: each goes on from its last step that was stored.</summary>
public sealed class AgentRecoveryTests(AgentCluster cluster) : IClassFixture<AgentCluster>
{
    [Theory]
    [InlineData("direct")]
    [InlineData("self-consistency")]
    [InlineData("plan-execute")]
    [InlineData("react")]
    [InlineData("best-of-n")]
    public async Task A_crash_after_each_stored_step_changes_no_answer(string strategy)
    {
        var spec = AgentCluster.Spec(strategy, strategy == "react" ? "What is 71 * 913? Use the calculator." : AgentCluster.Spec("direct").Problem);
        if (strategy == "best-of-n")
        {
            // Stories differ by their seeds: one that is begun again has to draw as before.
            spec = spec with { Problem = "Tell me a story about a fox.", Settings = spec.Settings with { Temperature = 1.2 } };
        }

        spec = spec with { Tools = strategy == "react" ? [AgentTools.Describe(cluster.Tool)] : [] };
        await cluster.Complete();
        await cluster.Task($"whole-{strategy}").Submit(AgentCluster.Json(spec));
        var whole = await cluster.Ended($"whole-{strategy}");
        var steps = whole.Steps.Count;
        Assert.True(steps > 0);
        for (var crash = 0; crash < Math.Min(steps, 3); crash++)
        {
            await cluster.Complete();
            var id = $"crash-{strategy}-{crash}";
            await cluster.Task(id).Submit(AgentCluster.Json(spec));
            await FactoryCluster.UntilAsync(async () => await cluster.Task(id).Show() is { } view && (view.HasEnded || view.Steps.Count(static step => step.State != "running") >= crash), "some steps have ended");
            if (await cluster.SiloOf(id) is { } silo)
            {
                await cluster.Cluster.KillSiloAsync(silo, TestContext.Current.CancellationToken);
            }

            var view = await cluster.Ended(id);
            Assert.Equal((whole.State, whole.Answer), (view.State, view.Answer));
            Assert.Equal(
                whole.Steps.Where(static step => step.State == "done").Select(static step => (step.Id, step.Text)).Order(),
                view.Steps.Where(static step => step.State == "done").Select(static step => (step.Id, step.Text)).Order());
            Assert.Equal(whole.Bill.PromptTokens, view.Bill.PromptTokens);
            Assert.Equal(whole.Bill.OutputTokens, view.Bill.OutputTokens);
            Assert.Equal(whole.Bill.ToolCalls, view.Bill.ToolCalls);
        }
    }

    [Fact]
    public async Task A_task_goes_on_though_nobody_asks_for_it()
    {
        await cluster.Complete();
        cluster.Tool.Hold();
        var spec = AgentCluster.Spec("react", "What is 71 * 913? Use the calculator.") with { Tools = [AgentTools.Describe(cluster.Tool)] };
        await cluster.Task("alone").Submit(AgentCluster.Json(spec));
        await FactoryCluster.Until(() => cluster.Tool.Calls.ContainsKey("alone/tool-0-0"), "the tool is called");
        var silo = await cluster.SiloOf("alone");
        await cluster.Cluster.KillSiloAsync(silo!, TestContext.Current.CancellationToken);
        await FactoryCluster.Until(() => cluster.Tool.Calls["alone/tool-0-0"] == 2, "another silo has gone on with the task by itself, with the same key");
        cluster.Tool.Free();
        var view = await cluster.Ended("alone");
        Assert.Equal(("done", 1, 1), (view.State, view.Bill.ToolCalls, view.Bill.Lost.Attempts));
    }

    [Fact]
    public async Task A_silo_that_is_stopped_hands_its_tasks_over()
    {
        await cluster.Complete();
        var spec = AgentCluster.Spec("direct", "Tell me a story about a fox.");
        spec = spec with { Settings = spec.Settings with { MaxTokens = 300 } };
        await cluster.Task("undisturbed-story").Submit(AgentCluster.Json(spec));
        var whole = await cluster.Ended("undisturbed-story");
        await Task.WhenAll(Enumerable.Range(0, 24).Select(i => cluster.Task($"story-{i}").Submit(AgentCluster.Json(spec))));
        await cluster.Cluster.StopSiloAsync((await cluster.SiloOf("story-0"))!, TestContext.Current.CancellationToken);
        for (var i = 0; i < 24; i++)
        {
            var view = await cluster.Ended($"story-{i}");
            Assert.Equal((whole.State, whole.Answer, whole.Bill.OutputTokens), (view.State, view.Answer, view.Bill.OutputTokens));
        }
    }

    [Fact]
    public async Task What_a_silo_that_stops_leaves_undone_is_lost_and_done_again()
    {
        await cluster.Complete();
        var spec = AgentCluster.Spec("direct", "Tell me a story about a fox.");
        var gate = cluster.Gates["left/answer"] = new CallGate();
        await cluster.Task("left").Submit(AgentCluster.Json(spec));
        await gate.Reached;
        await cluster.Cluster.StopSiloAsync((await cluster.SiloOf("left"))!, TestContext.Current.CancellationToken);
        gate.Open();
        var view = await cluster.Ended("left");
        Assert.Equal(("done", 1, 1), (view.State, view.Bill.Calls, view.Bill.Lost.Attempts));

        // What it had taken, where the silo had the time to say so.
        var lost = view.Bill.Lost;
        Assert.Contains((lost.PromptTokens, lost.OutputTokens > 0), new[] { (0L, false), (view.Steps[0].PromptTokens, true) });
        Assert.InRange(lost.OutputTokens, 0, view.Bill.OutputTokens);
    }

    [Fact]
    public async Task A_tool_that_is_not_idempotent_is_not_called_again_without_a_person()
    {
        await cluster.Complete();
        cluster.Tool.Hold();
        cluster.Tool.IsIdempotent = false;
        try
        {
            var spec = AgentCluster.Spec("react", "What is 71 * 913? Use the calculator.") with { Tools = [AgentTools.Describe(cluster.Tool)] };
            await cluster.Task("once").Submit(AgentCluster.Json(spec));
            await FactoryCluster.Until(() => cluster.Tool.Calls.ContainsKey("once/tool-0-0"), "the tool is called");
            await cluster.Cluster.KillSiloAsync((await cluster.SiloOf("once"))!, TestContext.Current.CancellationToken);
            await FactoryCluster.UntilAsync(async () => await cluster.Task("once").Show() is { State: "waiting_for_approval" }, "it waits for a person");
            Assert.Equal(1, cluster.Tool.Calls["once/tool-0-0"]);
            var approval = Assert.Single((await cluster.Task("once").Show())!.Approvals);
            await Assert.ThrowsAsync<AgentRefusedException>(() => cluster.Task("once").Decide("another", true, null));
            cluster.Tool.Free();
            await cluster.Task("once").Decide(approval.Hash, false, "it was made by hand");
            var view = await cluster.Ended("once");
            Assert.Equal(("done", 1), (view.State, view.Bill.Lost.Attempts));
            Assert.Equal(1, cluster.Tool.Calls["once/tool-0-0"]);
        }
        finally
        {
            cluster.Tool.IsIdempotent = true;
            cluster.Tool.Free();
        }
    }

    [Fact]
    public async Task A_hundred_tasks_end_as_they_would_have_while_silos_die()
    {
        await cluster.Complete();
        TaskSpec[] specs =
        [
            AgentCluster.Spec("self-consistency"),
            AgentCluster.Spec("plan-execute"),
            AgentCluster.Spec("react", "What is 71 * 913? Use the calculator.") with { Tools = [AgentTools.Describe(cluster.Tool)] },
        ];
        var wholes = new List<AgentView>();
        foreach (var spec in specs)
        {
            await cluster.Task($"undisturbed-{spec.Strategy}").Submit(AgentCluster.Json(spec));
            wholes.Add(await cluster.Ended($"undisturbed-{spec.Strategy}"));
        }

        string[] ids = [.. Enumerable.Range(0, 100).Select(static i => $"many-{i}")];
        await Task.WhenAll(ids.Select((id, i) => cluster.Task(id).Submit(AgentCluster.Json(specs[i % specs.Length]))));
        for (var kill = 0; kill < 2; kill++)
        {
            await cluster.Cluster.KillSiloAsync(cluster.Silos[^1], TestContext.Current.CancellationToken);
            await cluster.Complete();
        }

        for (var i = 0; i < ids.Length; i++)
        {
            var whole = wholes[i % specs.Length];
            var view = await cluster.Ended(ids[i]);
            Assert.Equal((whole.State, whole.Answer, AgentCluster.Comparable(whole.Bill)), (view.State, view.Answer, AgentCluster.Comparable(view.Bill)));
        }

        await FactoryCluster.UntilAsync(
            async () => (await cluster.Roster.List(null, 1000)).Count(static task => task.Id.StartsWith("many-", StringComparison.Ordinal) && task.Ended is not null) == ids.Length,
            "the roster knows of all ends");
    }

    [Fact]
    public async Task Of_a_thousand_calls_of_a_tool_none_is_made_twice_while_activations_and_silos_die()
    {
        await cluster.Complete();
        if (!cluster.Strategies.Has("caller"))
        {
            cluster.Strategies.Add("caller", static _ => new CallerStrategy());
        }

        var chance = new Random(20261126);
        string[] ids = [.. Enumerable.Range(0, 50).Select(static i => $"caller-{i}")];
        var spec = AgentCluster.Spec("caller") with
        {
            Tools = [AgentTools.Describe(cluster.Effects)],
            Budget = new TaskBudget { Parallelism = 4, ToolCalls = CallerStrategy.Calls },
        };
        foreach (var id in ids)
        {
            cluster.Crashes[id] = new Crash(chance.Next(2, 12), chance.Next(2) == 0);
        }

        await Task.WhenAll(ids.Select(id => cluster.Task(id).Submit(AgentCluster.Json(spec))));
        var decided = Task.WhenAll(ids.Select(DecideToEnd));
        for (var kill = 0; kill < 2; kill++)
        {
            await cluster.Cluster.KillSiloAsync(cluster.Silos[^1], TestContext.Current.CancellationToken);
            await cluster.Complete();
        }

        var views = await decided;
        Assert.All(views, static view => Assert.Equal(("done", CallerStrategy.Calls), (view.State, view.Bill.ToolCalls + view.Steps.Count(static step => step.Text.Contains("it was made", StringComparison.Ordinal)))));
        var made = ids.SelectMany(static id => Enumerable.Range(0, CallerStrategy.Calls).Select(i => $"{id}/call-{i}")).Select(cluster.Effects.Made).ToArray();
        Assert.Equal((1000, 1000, 1), (made.Length, made.Sum(), made.Max()));
        Assert.Contains(ids, id => cluster.Crashes[id].HasHappened);
    }

    /// <summary>A person who looks whether a call was made that nobody knows about, and lets it be made when it was not.</summary>
    private async Task<AgentView> DecideToEnd(string id)
    {
        AgentView? view = null;
        await FactoryCluster.UntilAsync(
            async () =>
            {
                try
                {
                    view = await cluster.Task(id).Show();
                    foreach (var call in view?.Approvals ?? [])
                    {
                        var made = cluster.Effects.Made($"{id}/{call.Step}") > 0;
                        await cluster.Task(id).Decide(call.Hash, !made, made ? "it was made" : null);
                    }
                }
                catch (Exception e) when (e is OrleansException or TimeoutException or AgentRefusedException)
                {
                }

                return view is { HasEnded: true };
            },
            $"the task {id} has ended");
        return view!;
    }
}
