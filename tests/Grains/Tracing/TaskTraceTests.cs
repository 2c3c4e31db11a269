using Crescent.Grains.Agents;
using Crescent.Grains.Tracing;
using Crescent.Tests.Grains.Agents;

namespace Crescent.Tests.Grains.Tracing;

public sealed class TaskTraceTests(AgentCluster cluster) : IClassFixture<AgentCluster>
{
    [Fact]
    public async Task A_task_has_its_steps_under_it_and_under_each_the_call_that_it_makes()
    {
        using var watch = new SpanWatch();
        await cluster.Task("traced").Submit(AgentCluster.Json(AgentCluster.Spec("self-consistency") with { TraceParent = watch.Parent() }));
        var view = await cluster.Ended("traced");
        await FactoryCluster.Until(() => watch.Ended.Any(static span => span.DisplayName.StartsWith(SemanticNames.InvokeAgent, StringComparison.Ordinal)), "the task's span has ended");
        var task = watch.One("invoke_agent self-consistency");
        Assert.Equal(watch.Root, task.ParentSpanId.ToHexString());
        Assert.Equal(("traced", "done"), ((string)task.GetTagItem(SemanticNames.AgentId)!, (string)task.GetTagItem(SpanNames.Outcome)!));
        await FactoryCluster.Until(() => watch.Below(task).Count == view.Steps.Count, "its steps' spans have ended");
        var steps = watch.Below(task);
        Assert.Equal(view.Steps.Select(static step => step.Label).Order(), steps.Select(static step => (string)step.GetTagItem(SpanNames.StepLabel)!).Order());
        Assert.All(steps.Where(static step => (string)step.GetTagItem(SpanNames.Outcome)! == "done"), step =>
        {
            var call = Assert.Single(watch.Below(step));
            Assert.Equal($"traced/{step.GetTagItem(SpanNames.StepId)}", call.GetTagItem(SemanticNames.ResponseId));
            Assert.Equal(step.GetTagItem(SemanticNames.OutputTokens), call.GetTagItem(SemanticNames.OutputTokens));
        });
        Assert.Contains(steps, static step => (string)step.GetTagItem(SpanNames.Outcome)! == "done");
    }

    [Fact]
    public async Task The_call_of_a_tool_is_a_step_with_the_tools_name()
    {
        using var watch = new SpanWatch();
        var spec = AgentCluster.Spec("react", "What is 71 * 913? Use the calculator.") with { Tools = [AgentTools.Describe(cluster.Tool)], TraceParent = watch.Parent() };
        await cluster.Task("traced-tool").Submit(AgentCluster.Json(spec));
        await cluster.Ended("traced-tool");
        await FactoryCluster.Until(() => watch.Ended.Any(static span => span.DisplayName.StartsWith(SemanticNames.InvokeAgent, StringComparison.Ordinal)), "the task's span has ended");
        Assert.Equal("calculator", watch.Ended.First(static span => span.DisplayName == "execute_tool calculator").GetTagItem(SemanticNames.ToolName));
    }

    [Fact]
    public async Task The_same_work_may_be_submitted_again_as_a_part_of_another_trace()
    {
        using var watch = new SpanWatch();
        using var other = new SpanWatch();
        var spec = AgentCluster.Spec("direct");
        await cluster.Task("traced-twice").Submit(AgentCluster.Json(spec with { TraceParent = watch.Parent() }));
        await cluster.Task("traced-twice").Submit(AgentCluster.Json(spec with { TraceParent = other.Parent() }));
        await cluster.Ended("traced-twice");
        await FactoryCluster.Until(() => watch.Ended.Any(static span => span.DisplayName == "invoke_agent direct"), "the task's span has ended");
        Assert.Empty(other.Ended);
    }

    [Fact]
    public async Task A_task_that_is_not_sampled_makes_no_span_and_neither_do_its_calls()
    {
        using var watch = new SpanWatch();
        await cluster.Task("untraced").Submit(AgentCluster.Json(AgentCluster.Spec("direct") with { TraceParent = watch.Parent(isSampled: false) }));
        Assert.Equal("done", (await cluster.Ended("untraced")).State);
        Assert.Empty(watch.Ended);
    }
}
