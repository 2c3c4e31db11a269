using Crescent.Engine.Devices;
using CsCheck;

namespace Crescent.Tests.Engine.Devices;

public sealed class KvPartitionTests
{
    private static readonly KvReach All = new(0);

    [Fact]
    public void Layers_that_see_equally_far_are_one_group_whose_block_holds_them_all()
    {
        var partition = KvPartition.Of([(All, 100), (All, 60), (All, 100)]);
        Assert.Equal([All], partition.Groups);
        Assert.Equal([0, 0, 0], partition.GroupOf);
        Assert.Equal([0L, 100, 160], partition.OffsetOf);
        Assert.Equal((260, 1.0), (partition.BlockBytes, partition.UsedShare));
    }

    [Fact]
    public void Layers_with_a_window_are_parted_into_groups_as_large_as_that_of_those_that_see_all()
    {
        // As gemma 3 1B: every sixth of 26 layers sees all.
        var partition = KvPartition.Of([.. Enumerable.Range(0, 26).Select(static i => (i % 6 == 5 ? All : new KvReach(512), 1024L))]);
        Assert.Equal([All, .. Enumerable.Repeat(new KvReach(512), 6)], partition.Groups);
        Assert.Equal(4 * 1024, partition.BlockBytes);
        Assert.Equal(26.0 / 28, partition.UsedShare);

        // As gpt-oss: every second.
        partition = KvPartition.Of([.. Enumerable.Range(0, 24).Select(static i => (i % 2 == 0 ? new KvReach(128) : All, 512L))]);
        Assert.Equal([All, new KvReach(128)], partition.Groups);
        Assert.Equal((12 * 512, 1.0), (partition.BlockBytes, partition.UsedShare));
    }

    [Fact]
    public void Where_no_layer_sees_all_those_that_see_furthest_keep_all()
    {
        Assert.Equal([All], KvPartition.Of([(new KvReach(64), 10), (new KvReach(64), 10)]).Groups);
        Assert.Equal([All, new KvReach(ChunkLength: 32)], KvPartition.Of([(new KvReach(ChunkLength: 32), 10), (new KvReach(64), 10)]).Groups);
    }

    [Fact]
    public void Any_layers_lie_side_by_side_in_blocks_of_groups_that_see_as_far_as_they_do() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[1, 9]).Array[1, 80].Sample(choices =>
        {
            KvReach[] kinds = [All, new(128), new(ChunkLength: 512)];
            var layers = choices.Select(choice => (kinds[choice.Item1], choice.Item2 * 16L)).ToArray();
            var partition = KvPartition.Of(layers);
            Assert.True(partition.Groups[0].SeesAll);

            // A part has more than half of a block, but for the last of each kind.
            Assert.InRange(partition.Groups.Count, 1, (2 * KvPartition.MostGroups) + kinds.Length);
            for (var group = 0; group < partition.Groups.Count; group++)
            {
                var end = 0L;
                for (var i = 0; i < layers.Length; i++)
                {
                    if (partition.GroupOf[i] == group)
                    {
                        Assert.Equal(end, partition.OffsetOf[i]);
                        Assert.True(partition.Groups[group].SeesAll || partition.Groups[group] == layers[i].Item1);
                        end += layers[i].Item2;
                    }
                }

                Assert.InRange(end, 1, partition.BlockBytes);
            }

            Assert.Equal(layers.Sum(static layer => layer.Item2) / (double)(partition.BlockBytes * partition.Groups.Count), partition.UsedShare, 1e-12);
        });

    [Fact]
    public void A_demand_is_for_the_length_where_all_is_seen_and_for_no_more_than_a_window_and_a_step_elsewhere()
    {
        var demand = new KvDemand(0, WindowGroups: 2, WindowBlocks: 28);
        Assert.Equal(3, demand.BlocksFor(1));
        Assert.Equal(3 * 14, demand.BlocksFor(14));
        Assert.Equal(6250 + 28, demand.BlocksFor(6250));
        Assert.Equal(6250, demand.SpansIn(6250 + 28));
        Assert.Equal(0, demand.SpansIn(2));
        Assert.Equal(4 * 1000, demand.SpansHeld(4 * 1028, 4));
        Assert.Equal(4 * 5, demand.SpansHeld(4 * 15, 4));
        Assert.Equal((7, 7, 7.0), (default(KvDemand).BlocksFor(7), default(KvDemand).SpansIn(7), default(KvDemand).SpansHeld(7, 3)));
        Gen.Select(Gen.Long[0, 100_000], Gen.Int[0, 3]).Sample((blocks, further) =>
        {
            var any = demand with { FurtherGroups = further };
            var spans = any.SpansIn(blocks);
            Assert.True(any.BlocksFor(spans) <= blocks && any.BlocksFor(spans + 1) > blocks);
        });
    }
}
