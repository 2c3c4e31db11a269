using Crescent.Control.Kv;
using Crescent.Engine.Kv;

namespace Crescent.Tests.Control.Kv;

public class KvIndexTests
{
    private static readonly BlockHash[] Prompt = Chains.Make(trunk: 1, shared: 100, number: 1, length: 130);

    [Fact]
    public void A_device_that_leaves_takes_its_blocks_along_and_its_index_is_given_again()
    {
        var index = new KvIndex(TimeProvider.System);
        var (first, second) = (index.AddDevice(), index.AddDevice());
        index.Stored(first, Prompt);
        index.Stored(second, Prompt.AsSpan(0, 60));
        index.RemoveDevice(first);
        Assert.Equal([0, 60], Overlap(index, Prompt));
        Assert.Equal(first, index.AddDevice());
        Assert.Equal([0, 60], Overlap(index, Prompt));
    }

    [Fact]
    public void What_resets_leave_behind_is_swept_out_while_events_come()
    {
        var index = new KvIndex(TimeProvider.System, devices: 4);
        var (first, second) = (index.AddDevice(), index.AddDevice());
        for (var round = 0; round < 500; round++)
        {
            index.Stored(first, Chains.Make(trunk: round, shared: 10, number: 0, length: 10));
            index.Reset(first);
            index.Stored(second, Prompt.AsSpan(0, 3));
            Assert.Equal([0, 3], Overlap(index, Prompt));
        }

        // More resets than there are slots, and only the blocks of the last few are left.
        Assert.InRange(index.Blocks, 3, 100);
    }

    [Fact]
    public void An_update_is_applied_in_its_order()
    {
        var index = new KvIndex(TimeProvider.System);
        var device = index.AddDevice();
        index.Stored(device, Prompt.AsSpan(50));
        KvEvent[] events =
        [
            new(KvEventKind.Stored, Prompt[20]), new(KvEventKind.Stored, Prompt[21]), new(KvEventKind.Evicted, Prompt[21]), new(KvEventKind.Evicted, Prompt[22]), new(KvEventKind.Stored, Prompt[22]),
        ];
        index.Apply(device, new KvUpdate(replaces: false, Prompt.AsSpan(0, 20), events));
        Assert.Equal([21], Overlap(index, Prompt[..30]));
        Assert.Equal(22 + 80, index.BlocksOf(device));
        index.Apply(device, new KvUpdate(replaces: true, Prompt.AsSpan(0, 21), events.AsSpan(1, 1)));
        Assert.Equal([22], Overlap(index, Prompt));
        Assert.Equal(22, index.BlocksOf(device));
    }

    [Fact]
    public void An_unknown_device_is_named()
    {
        var index = new KvIndex(TimeProvider.System);
        var error = Assert.Throws<ArgumentException>(() => index.Stored(7, Prompt));
        Assert.Contains("no device 7", error.Message, StringComparison.Ordinal);
        index.RemoveDevice(index.AddDevice());
        Assert.Throws<ArgumentException>(() => index.Reset(0));
    }

    [Fact]
    public void Too_short_a_result_is_refused()
    {
        var index = new KvIndex(TimeProvider.System);
        index.AddDevice();
        index.AddDevice();
        Assert.Throws<ArgumentException>(() => index.Overlap(Prompt, new int[1]));
    }

    [Fact]
    public void Looking_up_allocates_nothing()
    {
        var index = new KvIndex(TimeProvider.System);
        for (var i = 0; i < 40; i++)
        {
            index.Stored(index.AddDevice(), Prompt.AsSpan(0, 3 * i));
        }

        index.Predict(3, Prompt, TimeSpan.FromMinutes(10));
        var overlap = new int[index.DeviceLimit];
        index.Overlap(Prompt, overlap);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            index.Overlap(Prompt, overlap);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(117, overlap[39]);
        Assert.Equal(130, overlap[3]);
    }

    internal static int[] Overlap(KvIndex index, BlockHash[] chain)
    {
        var overlap = new int[index.DeviceLimit];
        index.Overlap(chain, overlap);
        return overlap;
    }
}
