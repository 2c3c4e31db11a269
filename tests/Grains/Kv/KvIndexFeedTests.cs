using System.Diagnostics.Metrics;
using System.Net;
using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Grains.Kv;
using Crescent.Grains.Metrics;
using Crescent.Grains.Telemetry;
using Crescent.Tests.Control.Kv;
using Crescent.Tests.Engine.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crescent.Tests.Grains.Kv;

public sealed class KvIndexFeedTests : IDisposable
{
    private const string Device = "silo-1/cpu";

    private static readonly SiloAddress Owner = SiloAddress.New(IPAddress.Loopback, 1, 1);
    private static readonly SiloAddress Restarted = SiloAddress.New(IPAddress.Loopback, 1, 2);
    private static readonly BlockHash[] Prompt = Chains.Make(trunk: 1, shared: 20, number: 1, length: 20);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ManualTime _time = new();
    private readonly ManualDumps _dumps = new();
    private readonly ManualMembership _members = new();
    private readonly KvIndexFeed _feed;

    public KvIndexFeedTests()
    {
        var metrics = new FactoryMetrics(_services.GetRequiredService<IMeterFactory>());
        _feed = new KvIndexFeed(_dumps, _members, _time, metrics, NullLogger<KvIndexFeed>.Instance);
        _members.Set(Owner, SiloStatus.Active);
    }

    public void Dispose()
    {
        _feed.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void Events_from_the_first_on_need_no_dump()
    {
        Assert.Equal(12, Take(firstId: 1, count: 12).Seen);
        Assert.Equal(20, Take(firstId: 13, count: 8).Seen);
        Assert.Equal(20, _feed.BlocksOf(Device));
        Assert.Equal(new KvIndexState(1, 0, 20, 0, 20, 0, 0), _feed.State());
        Assert.Equal([new KvRoot("model", "f16", new KvBlockSize(16))], _feed.Roots);
    }

    [Fact]
    public async Task A_lost_batch_is_noticed_and_repaired_by_a_dump()
    {
        Take(firstId: 1, count: 5);

        // Events 6 to 9 are lost.
        Assert.Equal(12, Take(firstId: 10, count: 3).Seen);
        Assert.Equal((1, 1L), (_feed.State().Stale, _feed.State().Gaps));
        Assert.Equal(5, _feed.BlocksOf(Device));
        Take(firstId: 13, count: 2);
        _dumps.Answer(Device, new KvDump(7, 12, Prompt.AsMemory(0, 12)));
        await FactoryCluster.Until(() => _feed.State().Repairs == 1, "the dump is applied");
        Assert.Equal(14, _feed.BlocksOf(Device));
        Assert.Equal(0, _feed.State().Stale);
        Assert.Equal(16, Take(firstId: 15, count: 2).Seen);
        Assert.Equal(16, _feed.BlocksOf(Device));
        Assert.Equal((1L, 1L), (_feed.State().Gaps, _feed.State().Repairs));
    }

    [Fact]
    public async Task A_silo_that_joins_late_starts_from_a_dump()
    {
        Take(firstId: 11, count: 2);
        _dumps.Answer(Device, new KvDump(7, 12, Prompt.AsMemory(0, 12)));
        await FactoryCluster.Until(() => _feed.BlocksOf(Device) == 12, "the dump is applied");
        Assert.Equal(0, _feed.State().Gaps);
    }

    [Fact]
    public void A_sign_of_life_tells_the_sender_what_has_not_come()
    {
        Take(firstId: 1, count: 5);
        Assert.Equal(5, Take(firstId: 10, count: 0).Seen);
        Assert.Equal(0, _feed.State().Gaps);
        Take(firstId: 6, count: 4);
        Assert.Equal(9, _feed.BlocksOf(Device));
    }

    [Fact]
    public void A_restarted_device_begins_with_nothing()
    {
        Take(firstId: 1, count: 12);
        Take(firstId: 1, count: 3, epoch: 8);
        Assert.Equal(3, _feed.BlocksOf(Device));

        // The same when its silo restarts, and the former silo is not listened to any more.
        _members.Set(Owner, SiloStatus.Dead);
        _members.Set(Restarted, SiloStatus.Active);
        Take(firstId: 1, count: 2, epoch: 9, silo: Restarted);
        Assert.Equal(2, _feed.BlocksOf(Device));
        Assert.Equal(0, Take(firstId: 4, count: 5, epoch: 8).Seen);
        Assert.Equal(2, _feed.BlocksOf(Device));
        Assert.Equal(1, _feed.State().Devices);
    }

    [Fact]
    public void A_device_that_comes_back_with_blocks_of_another_size_begins_with_nothing()
    {
        Take(firstId: 1, count: 12);
        Take(firstId: 1, count: 3, epoch: 8, blockSize: 64);
        Assert.Equal(3, _feed.BlocksOf(Device));
        Assert.Equal([new KvRoot("model", "f16", new KvBlockSize(64))], _feed.Roots);
        Assert.Equal(1, _feed.State().Devices);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-16)]
    [InlineData(24)]
    [InlineData(512)]
    public void Blocks_that_no_prompt_can_be_cut_into_are_not_followed(int blockSize)
    {
        Assert.Equal(0, Take(firstId: 1, count: 12, blockSize: blockSize).Seen);
        Assert.Equal(-1, _feed.BlocksOf(Device));
        Assert.Empty(_feed.Roots);
    }

    [Fact]
    public void The_devices_of_a_dead_silo_are_forgotten()
    {
        Take(firstId: 1, count: 12);
        _members.Set(Owner, SiloStatus.Dead);
        _feed.Keep(silo => _members.CurrentSnapshot.GetSiloStatus(silo) == SiloStatus.Active);
        Take(firstId: 13, count: 1);
        Assert.Equal(-1, _feed.BlocksOf(Device));
        Assert.Equal(0, _feed.State().Devices);
        var found = default(CachedPrefix);
        _feed.LookUp([(new KvRoot("model", "f16", new KvBlockSize(16)), Prompt)], ref found);
        Assert.DoesNotContain(found.Blocks.ToArray(), static blocks => blocks != 0);
        found.Dispose();
    }

    [Fact]
    public void A_device_that_falls_silent_is_stale()
    {
        Take(firstId: 1, count: 12);
        _time.Advance(KvIndexFeed.StaleAfter);
        Assert.Equal(0, _feed.State().Stale);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, _feed.State().Stale);
        Take(firstId: 13, count: 0);
        Assert.Equal(0, _feed.State().Stale);
    }

    private KvReceipt Take(long firstId, int count, long epoch = 7, SiloAddress? silo = null, int blockSize = 16)
    {
        var events = new byte[count * KvEventCodec.EventBytes];
        for (var i = 0; i < count; i++)
        {
            KvEventCodec.Write(new KvEvent(KvEventKind.Stored, Prompt[firstId - 1 + i]), events.AsSpan(i * KvEventCodec.EventBytes));
        }

        return _feed.Take(new KvEventMessage
        {
            Silo = silo ?? Owner,
            Device = Device,
            Model = "model",
            KvType = "f16",
            Epoch = epoch,
            FirstId = firstId,
            Events = events,
            BlockSize = blockSize,
        });
    }
}
