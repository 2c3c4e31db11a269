using Crescent.Control.Placement;
using Crescent.Engine.Kv;

namespace Crescent.Tests.Control.Placement;

/// <summary>The examples are those of llm-d's own tests of its producer (August 2026).</summary>
public sealed class BurstGroupsTests
{
    [Fact]
    public void A_whole_group_goes_to_one_device()
    {
        Assert.Equal(Enumerable.Repeat(0, 8), Assign(4, Same(8, 1, 2, 3)));
    }

    [Theory]
    [InlineData(2, 4, new[] { 2, 2, 2, 2 })]
    [InlineData(4, 4, new[] { 4, 4, 0, 0 })]
    [InlineData(2, 2, new[] { 4, 4 })] // More than all may have of it: the rest is balanced all the same.
    public void A_group_fills_a_device_up_to_what_it_may_have_of_it(int most, int devices, int[] counts)
    {
        var assigned = BurstGroups.Assign(Same(8, 1, 2, 3), new int[devices], 0, most);
        Assert.Equal(counts, Enumerable.Range(0, devices).Select(device => assigned.Count(a => a == device)));
    }

    [Fact]
    public void One_call_and_calls_without_a_beginning_are_left_to_others()
    {
        Assert.Equal([BurstGroups.Nowhere], Assign(2, Same(1, 1, 2, 3)));
        Assert.Equal([BurstGroups.Nowhere, BurstGroups.Nowhere], Assign(2, Same(2)));
        Assert.Equal([0, 0, BurstGroups.Nowhere], BurstGroups.Assign([.. Same(2, 1, 2, 3), .. Same(1, 5, 5, 5)], [0, 0], 2));
    }

    [Fact]
    public void Groups_with_nothing_in_common_go_apart()
    {
        var assigned = Assign(4, [.. Same(8, 1, 2, 3), .. Same(8, 9, 9, 9)]);
        Assert.Equal([.. Enumerable.Repeat(0, 8), .. Enumerable.Repeat(1, 8)], assigned);
    }

    [Fact]
    public void Families_go_together_within_their_fair_share()
    {
        var assigned = BurstGroups.Assign([.. Same(2, 1, 2, 3), .. Same(2, 1, 2, 4), .. Same(2, 7, 8, 5), .. Same(2, 7, 8, 6)], [0, 0], 2);
        Assert.Equal((assigned[0], assigned[4]), (assigned[2], assigned[6]));
        Assert.NotEqual(assigned[0], assigned[4]);
        Assert.Equal(4, assigned.Count(static device => device == 0));

        // Less in common than is asked for: by load alone, and no family stays together.
        assigned = BurstGroups.Assign([.. Same(2, 1, 2, 3), .. Same(2, 1, 2, 4), .. Same(2, 7, 8, 5), .. Same(2, 7, 8, 6)], [0, 0], 3);
        Assert.NotEqual(assigned[0], assigned[2]);
        Assert.Equal(4, assigned.Count(static device => device == 0));
    }

    [Fact]
    public void A_beginning_that_all_share_does_not_bring_all_to_one_device()
    {
        var assigned = BurstGroups.Assign([.. Same(2, 1, 2, 3), .. Same(2, 1, 2, 4), .. Same(2, 1, 2, 5), .. Same(2, 1, 2, 6)], new int[4], 2);
        Assert.Equal([2, 2, 2, 2], Enumerable.Range(0, 4).Select(device => assigned.Count(a => a == device)));
        assigned = BurstGroups.Assign([.. Same(1, 1, 2, 3), .. Same(1, 1, 2, 4), .. Same(1, 1, 2, 5), .. Same(1, 1, 2, 6)], [0, 0], 2);
        Assert.Equal([2, 2], Enumerable.Range(0, 2).Select(device => assigned.Count(a => a == device)));
    }

    [Fact]
    public void Single_calls_join_the_group_that_they_begin_like()
    {
        var assigned = BurstGroups.Assign([.. Same(2, 1, 2, 3), .. Same(1, 1, 2, 8), .. Same(2, 7, 8, 5), .. Same(1, 7, 8, 9)], [0, 0], 2);
        Assert.Equal([assigned[0], assigned[0], assigned[0]], assigned[..3]);
        Assert.Equal([assigned[3], assigned[3], assigned[3]], assigned[3..]);
        Assert.NotEqual(assigned[0], assigned[3]);
    }

    [Fact]
    public void Of_devices_that_were_given_as_many_the_one_with_fewer_running_is_next()
    {
        Assert.Equal([1, 1], BurstGroups.Assign(Same(2, 1, 2), [3, 1, 2]));
    }

    private static int[] Assign(int devices, BlockHash[][] prompts) => BurstGroups.Assign(prompts, new int[devices]);

    private static BlockHash[][] Same(int count, params int[] blocks)
    {
        var hash = BlockHash.Root("model", "f16");
        BlockHash[] chain = [.. blocks.Select(block => hash = hash.Next([block]))];
        return [.. Enumerable.Repeat(chain, count)];
    }
}
