using Crescent.Engine.Kv;
using Crescent.Grains.Kv;

namespace Crescent.Tests.Grains.Kv;

public class KvEventLogTests
{
    private readonly KvEventLog _log = new(capacity: 8);

    [Fact]
    public void A_reader_gets_what_came_since_it_read_last()
    {
        Append(firstId: 1, count: 3);
        Assert.Equal((7, 1, 3), Read(1));
        Append(firstId: 4, count: 2);
        Assert.Equal((7, 4, 2), Read(4));
        Assert.Equal((7, 6, 0), Read(6));
        var events = KvEventCodec.ReadEvents(_log.Read(2, 3).Events);
        Assert.Equal([Event(2), Event(3), Event(4)], events);
    }

    [Fact]
    public void A_reader_that_is_too_slow_misses_the_oldest()
    {
        Append(firstId: 1, count: 5);
        Append(firstId: 6, count: 7);
        Assert.Equal((7, 5, 8), Read(2));
        Assert.Equal(Enumerable.Range(5, 8).Select(static i => Event(i)), KvEventCodec.ReadEvents(_log.Read(2, 100).Events));
    }

    [Fact]
    public void What_the_engine_dropped_is_a_gap_for_the_reader()
    {
        Append(firstId: 1, count: 2);
        Append(firstId: 5, count: 1);
        Assert.Equal((7, 5, 1), Read(3));
    }

    [Fact]
    public void Before_the_first_event_there_is_nothing() => Assert.Equal((0, 1, 0), Read(1));

    private static KvEvent Event(long id) => new(id % 3 == 0 ? KvEventKind.Evicted : KvEventKind.Stored, new BlockHash(new UInt128((ulong)id, ~(ulong)id)));

    private void Append(long firstId, int count) =>
        _log.Append(new KvEventBatch(7, firstId, Enumerable.Range(0, count).Select(i => Event(firstId + i)).ToArray()));

    private (long Epoch, long FirstId, int Count) Read(long next)
    {
        var (epoch, firstId, events) = _log.Read(next, 100);
        return (epoch, firstId, events.Length / KvEventCodec.EventBytes);
    }
}
