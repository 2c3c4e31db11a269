using System.Diagnostics;
using Crescent.Agents.Steps;
using Crescent.Agents.Tasks;
using Crescent.Grains.Tracing;

namespace Crescent.Grains.Agents;

/// <summary>The span of a task while one silo plays it, and in it those of its steps. A task that goes on in another silo has another there, in the same trace.</summary>
internal sealed class TaskTrace
{
    private readonly Activity _task;

    private TaskTrace(Activity task)
    {
        _task = task;
    }

    /// <summary>Begins it.</summary>
    /// <param name="id">The task.</param>
    /// <param name="spec">What it is to do.</param>
    /// <param name="isAgain">Whether another activation has played it before.</param>
    /// <returns>Null where it is not traced.</returns>
    public static TaskTrace? Begin(string id, TaskSpec spec, bool isAgain)
    {
        var parent = default(ActivityContext);
        if (!Spans.IsListened || (spec.TraceParent is not null && !TraceParent.IsTraced(spec.TraceParent, out parent)))
        {
            return null;
        }

        return Spans.Begin($"{SemanticNames.InvokeAgent} {spec.Strategy}", ActivityKind.Internal, parent) is { } span
            ? new TaskTrace(span
                .SetTag(SemanticNames.OperationName, SemanticNames.InvokeAgent)
                .SetTag(SemanticNames.ProviderName, SpanNames.Provider)
                .SetTag(SemanticNames.AgentId, id)
                .SetTag(SemanticNames.AgentName, spec.Strategy)
                .SetTag(SemanticNames.RequestModel, spec.Model)
                .SetTag(SpanNames.Again, isAgain))
            : null;
    }

    /// <summary>Begins that of a step.</summary>
    public Activity? Begin(Step step)
    {
        if (_task.IsStopped)
        {
            return null;
        }

        var tool = step as ToolStep;
        return Spans.Begin(tool is null ? SpanNames.Step : $"{SemanticNames.ExecuteTool} {tool.Call.Name}", ActivityKind.Internal, _task.Context)?
            .SetTag(SemanticNames.OperationName, tool is null ? null : SemanticNames.ExecuteTool)
            .SetTag(SemanticNames.ToolName, tool?.Call.Name)
            .SetTag(SemanticNames.ToolCallId, tool?.Call.Id)
            .SetTag(SpanNames.StepId, step.Id)
            .SetTag(SpanNames.StepLabel, step.Label);
    }

    /// <summary>Ends that of a step.</summary>
    /// <param name="step">The span; null where it has none.</param>
    /// <param name="result">What came of it; null where it is begun again later.</param>
    public static void End(Activity? step, StepResult? result)
    {
        if (step is null)
        {
            return;
        }

        step.SetTag(SpanNames.Outcome, result is null ? "later" : AgentEvents.Word(result.Outcome));
        if (result is { OutputTokens: > 0 })
        {
            step.SetTag(SemanticNames.InputTokens, result.PromptTokens)
                .SetTag(SemanticNames.OutputTokens, result.OutputTokens)
                .SetTag(SemanticNames.HardwareEnergy, result.Joules + (result.Lost?.Joules ?? 0));
        }

        if (result?.Outcome == StepOutcome.Failed)
        {
            // Its text may be what a tool or a model has said.
            step.SetStatus(ActivityStatusCode.Error);
        }

        Spans.End(step);
    }

    /// <summary>The task has ended, or goes on elsewhere.</summary>
    /// <param name="outcome">How.</param>
    /// <param name="failed">Whether that is a failure.</param>
    public void End(string outcome, bool failed)
    {
        if (!_task.IsStopped)
        {
            _task.SetTag(SpanNames.Outcome, outcome).SetStatus(failed ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
            Spans.End(_task);
        }
    }
}
