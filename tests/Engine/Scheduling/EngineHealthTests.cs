using Crescent.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>What an engine says of itself while its device gets on, hangs, and fails.</summary>
public sealed class EngineHealthTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Work_that_waits_is_stalled_from_when_it_came_until_a_step_finishes()
    {
        var (device, sink) = (new HistoryDevice(64), new RecordingSink());
        using var engine = EngineOver(device, sink, time: _time);
        var during = TimeSpan.Zero;
        device.BeforeStep = _ =>
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            during = engine.State.StalledFor;
        };
        _time.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(TimeSpan.Zero, engine.State.StalledFor);
        engine.Submit(Request(1, 4, 2));
        _time.Advance(TimeSpan.FromSeconds(2));
        engine.Submit(Request(2, 4, 2));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(3), engine.State.StalledFor);
        engine.Step();
        Assert.Equal(TimeSpan.FromSeconds(8), during);
        Assert.Equal(TimeSpan.Zero, engine.State.StalledFor);
        engine.Step();
        Assert.Equal(TimeSpan.FromSeconds(5), during);
        Run(engine);
        _time.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(TimeSpan.Zero, engine.State.StalledFor);
    }

    [Fact]
    public void Work_that_comes_while_an_engine_is_about_to_rest_waits_from_then_on()
    {
        var health = new EngineHealth(_time);
        health.Arrived();
        var seen = health.Arrivals;
        _time.Advance(TimeSpan.FromSeconds(1));
        health.Arrived();
        health.Rested(seen);
        _time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(TimeSpan.FromSeconds(7), health.Of(default).StalledFor);

        // More work makes nobody forget that.
        health.Arrived();
        Assert.Equal(TimeSpan.FromSeconds(7), health.Of(default).StalledFor);
        health.Rested(health.Arrivals);
        Assert.Equal(TimeSpan.Zero, health.Of(default).StalledFor);
    }

    [Fact]
    public void It_says_what_a_step_was_foreseen_to_take_as_soon_as_it_begins()
    {
        var (device, sink) = (new HistoryDevice(64), new RecordingSink());
        using var engine = EngineOver(device, sink, time: _time);
        Assert.Equal(0, engine.State.StepForecast);
        var during = 0.0;
        device.BeforeStep = _ => during = engine.State.StepForecast;
        engine.Submit(Request(1, 4, 200));
        Run(engine);

        // Its steps take a millisecond each, as their forecasts have learned.
        Assert.InRange(during, 0.0005, 0.002);
    }

    [Fact]
    public void Steps_that_fail_are_counted_until_one_finishes_and_the_newest_reason_is_kept()
    {
        var (device, sink) = (new HistoryDevice(64), new RecordingSink());
        using var engine = EngineOver(device, sink, time: _time);
        Assert.Equal((0, null), (engine.State.FailedSteps, engine.State.LastError));
        for (var id = 1; id <= 2; id++)
        {
            device.BeforeStep = _ => throw new InvalidOperationException("it is gone");
            engine.Submit(Request(id, 4, 2));
            Assert.Throws<InvalidOperationException>(() => engine.Step());
            engine.Fail($"failure {id}");
            Assert.Equal((id, $"failure {id}"), (engine.State.FailedSteps, engine.State.LastError));
        }

        device.BeforeStep = null;
        engine.Submit(Request(3, 4, 2));
        engine.Step();
        Assert.Equal((0, "failure 2"), (engine.State.FailedSteps, engine.State.LastError));
    }
}
