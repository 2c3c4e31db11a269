using System.Diagnostics;
using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Simulated;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Engine.Devices.Simulated;

public sealed class PacedDeviceTests
{
    [Fact]
    public void Steps_take_at_least_their_modelled_time_over_the_speed()
    {
        // The inner device models 1 ms a step.
        using var device = new PacedDevice(new HistoryDevice(blocks: 8), speed: 2);
        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        plan.Add([1], 0, [0], LogitsWanted.Last);
        var started = Stopwatch.GetTimestamp();
        for (var step = 0; step < 40; step++)
        {
            Assert.Equal(TimeSpan.FromMilliseconds(1), device.Execute(plan).Duration);
        }

        Assert.True(Stopwatch.GetElapsedTime(started) > TimeSpan.FromMilliseconds(18));
    }

    [Fact]
    public void A_fast_clock_shows_simulated_seconds()
    {
        var wall = new ManualTime();
        var clock = new SpeedTimeProvider(20, wall);
        var start = clock.GetTimestamp();
        var utc = clock.GetUtcNow();
        wall.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(60), clock.GetElapsedTime(start));
        Assert.Equal(TimeSpan.FromSeconds(60), clock.GetUtcNow() - utc);
    }

    [Fact]
    public void A_speed_of_nothing_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SpeedTimeProvider(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PacedDevice(new HistoryDevice(blocks: 8), -1));
    }
}
