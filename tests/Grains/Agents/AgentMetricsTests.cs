using System.Diagnostics.Metrics;
using Crescent.Agents.Steps;
using Crescent.Agents.Tasks;
using Crescent.Grains.Agents;
using Crescent.Grains.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Tests.Grains.Agents;

public sealed class AgentMetricsTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly AgentMetrics _metrics;

    public AgentMetricsTests() => _metrics = new AgentMetrics(_services.GetRequiredService<IMeterFactory>());

    public void Dispose() => _services.Dispose();

    [Fact]
    public void A_task_that_ended_early_is_counted_by_why()
    {
        _metrics.Ended("direct", TaskState.Done, null);
        _metrics.Ended("direct", TaskState.Done, "budget");
        _metrics.Ended("direct", TaskState.Failed, "no device");
        _metrics.Ended("direct", TaskState.Cancelled, "cancelled");
        Assert.Equal(["budget", "cancelled", "done", "failed"], _metrics.Tasks.Select(static entry => entry.End).Order(StringComparer.Ordinal));
        Assert.All(_metrics.Tasks, static entry => Assert.Equal(("direct", 1L), (entry.Strategy, entry.Count)));
    }

    [Fact]
    public void Tasks_that_end_or_go_on_elsewhere_stand_nowhere()
    {
        _metrics.Stands(default, new AgentStand(1, 0, 3, 1));
        _metrics.Stands(default, new AgentStand(1, 0, 2, 0));
        _metrics.Stands(new AgentStand(1, 0, 3, 1), new AgentStand(0, 1, 0, 1));
        Assert.Equal(new AgentStand(1, 1, 2, 1), _metrics.Live);
        _metrics.Stands(new AgentStand(0, 1, 0, 1), default);
        _metrics.Stands(new AgentStand(1, 0, 2, 0), default);
        Assert.Equal(default, _metrics.Live);
    }

    [Fact]
    public void Names_are_bounded()
    {
        for (var i = 0; i < 10_000; i++)
        {
            _metrics.ToolCalled($"tool-{i}", StepOutcome.Done);
            _metrics.Saved($"strategy-{i}", 2);
        }

        Assert.InRange(_metrics.ToolCalls.Count, 1, (AgentMetrics.MaxNames * 5) + 1);
        Assert.InRange(_metrics.SamplesSaved.Count, 1, AgentMetrics.MaxNames + 1);
        Assert.Equal(20_000, _metrics.SamplesSaved.Sum(static entry => entry.Count));
    }

    [Fact]
    public void The_instruments_say_the_same()
    {
        var seen = new Dictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, to) =>
        {
            if (instrument.Meter.Name == InstrumentNames.Meter && ReferenceEquals(instrument.Meter.Scope, _services.GetRequiredService<IMeterFactory>()))
            {
                to.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => seen[instrument.Name] = seen.GetValueOrDefault(instrument.Name) + value);
        listener.Start();
        _metrics.Ended("direct", TaskState.Done, null);
        _metrics.Stands(default, new AgentStand(1, 0, 3, 2));
        _metrics.StepEnded("direct", StepOutcome.Cut);
        _metrics.Lost(4);
        _metrics.Saved("direct", 5);
        _metrics.ToolCalled("calculator", StepOutcome.Failed);
        Assert.Equal(
            new Dictionary<string, long>
            {
                [InstrumentNames.AgentTasks] = 1,
                [InstrumentNames.AgentTasksLive] = 1,
                [InstrumentNames.AgentStepsLive] = 3,
                [InstrumentNames.AgentApprovals] = 2,
                [InstrumentNames.AgentSteps] = 1,
                [InstrumentNames.AgentAttemptsLost] = 4,
                [InstrumentNames.AgentSamplesSaved] = 5,
                [InstrumentNames.AgentToolCalls] = 1,
            },
            seen);
    }
}
