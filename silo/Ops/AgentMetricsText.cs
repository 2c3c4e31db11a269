using Crescent.Grains.Agents;

namespace Crescent.Silo.Ops;

/// <summary>The metrics of the agent tasks that this silo plays.</summary>
internal static class AgentMetricsText
{
    public static void Write(IMetricSink text, AgentMetrics agents)
    {
        text.Begin("crescent:agent_tasks_total", "counter", "Agent tasks that ended, by strategy and end: done, budget, deadline, cancelled, failed.");
        foreach (var (strategy, end, count) in agents.Tasks)
        {
            text.Sample("crescent:agent_tasks_total", count, ("strategy", strategy), ("end", end));
        }

        var live = agents.Live;
        text.Begin("crescent:agent_tasks", "gauge", "Agent tasks that this silo plays.");
        text.Sample("crescent:agent_tasks", live.Running, ("state", "running"));
        text.Sample("crescent:agent_tasks", live.Waiting, ("state", "waiting_for_approval"));
        text.Begin("crescent:agent_steps_total", "counter", "Their steps that ended, by strategy and outcome: done, failed, cut, denied.");
        foreach (var (strategy, outcome, count) in agents.Steps)
        {
            text.Sample("crescent:agent_steps_total", count, ("strategy", strategy), ("outcome", outcome));
        }

        text.Begin("crescent:agent_steps", "gauge", "Their steps under way.");
        text.Sample("crescent:agent_steps", live.Steps);
        text.Begin("crescent:agent_attempts_lost_total", "counter", "Attempts at steps that came to nothing: a device failed them, or a silo died or stopped under them.");
        text.Sample("crescent:agent_attempts_lost_total", agents.AttemptsLost);
        text.Begin("crescent:agent_samples_saved_total", "counter", "Samples that votes which were sure did not draw.");
        foreach (var (strategy, count) in agents.SamplesSaved)
        {
            text.Sample("crescent:agent_samples_saved_total", count, ("strategy", strategy));
        }

        text.Begin("crescent:agent_tool_calls_total", "counter", "Calls of tools, by tool and result: done, failed, cut.");
        foreach (var (tool, result, count) in agents.ToolCalls)
        {
            text.Sample("crescent:agent_tool_calls_total", count, ("tool", tool), ("result", result));
        }

        text.Begin("crescent:agent_approvals_waiting", "gauge", "Calls of tools that wait for a person.");
        text.Sample("crescent:agent_approvals_waiting", live.Approvals);
    }
}
