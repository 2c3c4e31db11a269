using Crescent.Client.Connections;

namespace Crescent.Tests.Client.Connections;

public sealed class FactoryWatchTests
{
    private readonly FakeFactory _factory = new();
    private readonly Clock _clock = new();

    [Fact]
    public async Task A_failed_look_shows_the_last_state_with_its_age()
    {
        var watch = Watch();
        Assert.Null((await watch.Look(Cancel)).Note);
        _factory.State = () => throw new FactoryException("It is gone", "Start it.");
        _clock.Advance(TimeSpan.FromSeconds(4));
        var sight = await watch.Look(Cancel);
        Assert.Equal("No state for 4 s: It is gone", sight.Note);
        Assert.Same(FakeFactory.Snapshot, sight.Factory);
    }

    [Fact]
    public async Task A_state_after_a_failed_look_starts_the_patience_anew()
    {
        var watch = Watch();
        await watch.Look(Cancel);
        var state = _factory.State;
        _factory.State = () => throw new FactoryException("It is gone", "Start it.");
        _clock.Advance(TimeSpan.FromSeconds(9));
        await watch.Look(Cancel);
        _factory.State = state;
        Assert.Null((await watch.Look(Cancel)).Note);
        _factory.State = () => throw new FactoryException("It is gone", "Start it.");
        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.NotNull((await watch.Look(Cancel)).Note);
    }

    [Fact]
    public async Task Patience_ends()
    {
        var watch = Watch();
        await watch.Look(Cancel);
        _factory.State = () => throw new FactoryException("It is gone", "Start it.");
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("It is gone", (await Assert.ThrowsAsync<FactoryException>(() => watch.Look(Cancel))).Message);
    }

    [Fact]
    public async Task The_first_look_must_succeed()
    {
        _factory.State = () => throw new FactoryException("It is gone", "Start it.");
        await Assert.ThrowsAsync<FactoryException>(() => Watch().Look(Cancel));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private FactoryWatch Watch() => new(_factory, TimeSpan.FromSeconds(10), _clock);

    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
