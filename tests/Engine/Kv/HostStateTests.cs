using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

namespace Crescent.Tests.Engine.Kv;

/// <summary>States in the host tier: parts of a block's size, wherever there is room, that come and go together.</summary>
public sealed class HostStateTests
{
    private const int BlockBytes = 64;
    private const int StateBytes = 200;

    private readonly KvCopies _copies = new();
    private readonly List<BlockHash> _dropped = [];

    [Fact]
    public void A_state_takes_the_place_of_as_many_blocks_as_its_bytes_need_and_goes_as_a_whole()
    {
        using var tier = new HostBlockTier(_copies, BlockBytes, 10, stateBytes: StateBytes);
        tier.StoreState(Hash(1), 0, _dropped);
        tier.StoreState(Hash(2), 1, _dropped);
        tier.Store(Hash(3), 0, _dropped);
        tier.Store(Hash(4), 1, _dropped);
        Assert.Empty(_dropped);
        Assert.Equal(10, _copies.Count);
        tier.CheckIntegrity();

        // One block more: the first state goes, and three more blocks have room in its place.
        for (var block = 5; block < 9; block++)
        {
            tier.Store(Hash(block), block, _dropped);
            tier.CheckIntegrity();
        }

        Assert.Equal([Hash(1)], _dropped);
        Assert.Equal(7, tier.Count);
        tier.Store(Hash(9), 9, _dropped);
        Assert.Equal([Hash(1), Hash(2)], _dropped);
    }

    [Fact]
    public void What_is_held_stays_and_a_state_without_room_is_dropped()
    {
        using var tier = new HostBlockTier(_copies, BlockBytes, 7, stateBytes: StateBytes);
        tier.StoreState(Hash(1), 0, _dropped);
        tier.Hold(Hash(1));
        tier.StoreState(Hash(2), 1, _dropped);
        Assert.Equal([Hash(2)], _dropped);
        tier.LetGo(Hash(1));
        tier.StoreState(Hash(2), 1, _dropped);
        Assert.Equal([Hash(2), Hash(1)], _dropped);
        Assert.True(tier.Contains(Hash(2)) && !tier.Contains(Hash(1)));
        Assert.Equal(0, tier.LoadState(Hash(1), 0));
        tier.CheckIntegrity();
    }

    [Fact]
    public void Every_byte_comes_back()
    {
        var device = new Scheduling.HistoryDevice(4, states: 3);
        using var tier = new HostBlockTier(_copies, device.Info.BlockBytes, 9, stateBytes: device.Info.StateBytes);
        var state = Enumerable.Range(0, (int)device.Info.StateBytes).Select(static i => (byte)i).ToArray();
        device.WriteState(0, 0, state);
        tier.StoreState(Hash(1), 0, _dropped);
        tier.StoreState(Hash(2), 1, _dropped);
        Assert.Equal(8, tier.LoadState(Hash(1), 2) - 4);
        _copies.HandTo(device);
        var read = new byte[state.Length];
        ((IDevice)device).ReadState(2, 0, read);
        Assert.Equal(state, read);
    }

    [Fact]
    public void A_tier_without_room_for_a_state_cannot_be_made() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new HostBlockTier(_copies, BlockBytes, 3, stateBytes: StateBytes));

    private static BlockHash Hash(int number) => BlockHash.Root("test", "f16").Next([number]);
}
