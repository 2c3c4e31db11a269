using Crescent.Lab.Virtual;

namespace Crescent.Tests.Lab.Virtual;

public sealed class VirtualClockTests
{
    private readonly VirtualClock _clock = new();
    private readonly List<string> _log = [];

    [Fact]
    public void Events_fire_in_order_of_time_and_then_of_scheduling()
    {
        Schedule("c", 3);
        Schedule("a", 1);
        Schedule("b1", 2);
        Schedule("b2", 2);
        _clock.Run(TestContext.Current.CancellationToken);
        Assert.Equal(["a@1", "b1@2", "b2@2", "c@3"], _log);
        Assert.Equal(4, _clock.Fired);
    }

    [Fact]
    public void A_run_stops_where_it_is_told_and_goes_on_from_there()
    {
        Schedule("a", 1);
        Schedule("b", 5);
        _clock.Run(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        Assert.Equal(["a@1"], _log);
        Assert.Equal(TimeSpan.FromSeconds(3), _clock.Elapsed);
        Schedule("late", 1);
        _clock.Run(TestContext.Current.CancellationToken);
        Assert.Equal(["a@1", "late@3", "b@5"], _log);
    }

    [Fact]
    public void Timers_tick_in_virtual_time_until_they_are_changed_or_disposed()
    {
        var start = _clock.GetUtcNow();
        var periodic = _clock.CreateTimer(_ => Log("tick"), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        var once = _clock.CreateTimer(_ => Log("once"), null, TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
        var moved = _clock.CreateTimer(_ => Log("moved"), null, TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
        moved.Change(TimeSpan.FromSeconds(4), Timeout.InfiniteTimeSpan);
        _clock.CreateTimer(_ => Log("never"), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan).Dispose();
        Schedule("stop", 6, periodic.Dispose);
        _clock.Run(TestContext.Current.CancellationToken);
        Assert.Equal(["tick@1", "once@2", "tick@3", "moved@4", "tick@5", "stop@6"], _log);
        Assert.Equal(TimeSpan.FromSeconds(7), _clock.GetUtcNow() - start);
        once.Dispose();
    }

    private void Schedule(string name, int second, Action? act = null) =>
        _clock.Schedule(new Happening(() => { Log(name); act?.Invoke(); }), TimeSpan.FromSeconds(second + 1).Ticks);

    private void Log(string name) => _log.Add($"{name}@{_clock.Elapsed.TotalSeconds}");

    private sealed class Happening(Action act) : IVirtualEvent
    {
        public void Fire() => act();
    }
}
