using Crescent.Control.Health;

namespace Crescent.Tests.Control.Health;

/// <summary>When a device is taken for sick, and for how long it is left alone.</summary>
public sealed class DeviceBreakerTests
{
    private const double Look = 0.25;

    private readonly DeviceBreaker _breaker = new(
        new HealthOptions { FailedSteps = 3, WindowSeconds = 30, StallSeconds = 5, StallFactor = 20, FirstPauseSeconds = 1, LongestPauseSeconds = 60 }, Look);

    [Fact]
    public void As_many_failed_steps_as_may_be_within_the_window_are_too_many_and_those_before_it_do_not_count()
    {
        _breaker.Serves(0);
        Assert.Null(_breaker.Look(Failed(1), 1));
        Assert.Null(_breaker.Look(Failed(2), 2));
        Assert.Null(_breaker.Look(Failed(3), 31.5));
        Assert.Equal("3 of its steps failed within 30 s: no memory", _breaker.Look(Failed(4), 31.6));
    }

    [Fact]
    public void Steps_that_fail_between_two_looks_are_counted_each()
    {
        _breaker.Serves(0);
        Assert.NotNull(_breaker.Look(Failed(1_000_000_000), 1));
    }

    [Fact]
    public void Failures_from_before_it_was_opened_again_are_forgotten()
    {
        _breaker.Serves(0);
        Assert.NotNull(_breaker.Look(Failed(3), 1));
        _breaker.Trip(1);
        _breaker.Serves(2);
        Assert.Null(_breaker.Look(Failed(2), 3));
        Assert.NotNull(_breaker.Look(Failed(3), 4));
    }

    [Fact]
    public void A_step_that_does_not_end_is_a_stall_after_the_time_that_is_set()
    {
        _breaker.Serves(0);
        Assert.InRange(StallsAt(forecast: 0.01), 5, 5.5);
    }

    [Fact]
    public void A_step_that_was_foreseen_to_be_long_has_as_many_times_that()
    {
        _breaker.Serves(0);
        Assert.InRange(StallsAt(forecast: 0.5), 10, 10.5);
    }

    [Fact]
    public void A_device_whose_steps_have_taught_nothing_yet_is_given_longer()
    {
        _breaker.Serves(0);
        for (var now = Look; now < 30; now += Look)
        {
            Assert.Null(_breaker.Look(new DeviceSigns(0, DeviceBreaker.LearningSteps - 1, now, 0.01, null), now));
        }

        Assert.NotNull(_breaker.Look(new DeviceSigns(0, DeviceBreaker.LearningSteps - 1, 30.25, 0.01, null), 30.25));
    }

    [Fact]
    public void A_long_wait_in_which_steps_finish_is_no_stall()
    {
        _breaker.Serves(0);
        for (var now = Look; now < 100; now += Look)
        {
            // A step finishes every second.
            Assert.Null(_breaker.Look(new DeviceSigns(0, 1000, now % 1, 0.01, null), now));
        }
    }

    [Fact]
    public void Time_in_which_nobody_looked_counts_little()
    {
        _breaker.Serves(0);
        Assert.Null(_breaker.Look(Stalled(0.2, 0.01), Look));
        Assert.Null(_breaker.Look(Stalled(1000, 0.01), 1000));
        Assert.Null(_breaker.Look(Stalled(1000.25, 0.01), 1000.25));
    }

    [Fact]
    public void The_pause_doubles_up_to_the_longest_and_begins_anew_once_it_has_served_for_so_long()
    {
        var now = 0.0;
        foreach (var pause in new[] { 1, 2, 4, 8, 16, 32, 60, 60 })
        {
            Assert.Equal(TimeSpan.FromSeconds(pause), _breaker.Trip(now));
            now += 10_000;
        }

        _breaker.Serves(now);
        Assert.Equal(TimeSpan.FromSeconds(60), _breaker.Trip(now + 59));
        _breaker.Serves(now + 100);
        Assert.Equal(TimeSpan.FromSeconds(1), _breaker.Trip(now + 161));
    }

    private double StallsAt(double forecast)
    {
        for (var now = Look; now < 1000; now += Look)
        {
            if (_breaker.Look(Stalled(now, forecast), now) is not null)
            {
                return now;
            }
        }

        return double.PositiveInfinity;
    }

    private static DeviceSigns Failed(long steps) => new(steps, 1000, 0, 0.01, "no memory");

    private static DeviceSigns Stalled(double seconds, double forecast) => new(0, 1000, seconds, forecast, null);
}
