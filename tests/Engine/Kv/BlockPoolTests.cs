using Crescent.Engine.Kv;
using CsCheck;

namespace Crescent.Tests.Engine.Kv;

public class BlockPoolTests
{
    [Fact]
    public void The_block_released_first_is_taken_first()
    {
        var pool = new BlockPool(3);
        int[] taken = [pool.Take(), pool.Take(), pool.Take()];
        pool.Release(taken[1]);
        pool.Release(taken[0]);
        Assert.Equal(taken[1], pool.Take());
        Assert.Equal(taken[0], pool.Take());
        Assert.Throws<InvalidOperationException>(() => pool.Take());
    }

    [Fact]
    public void A_block_held_twice_is_free_after_two_releases()
    {
        var pool = new BlockPool(2);
        var block = pool.Take();
        pool.Acquire(block);
        pool.Release(block);
        Assert.Equal(1, pool.FreeCount);
        pool.Release(block);
        Assert.Equal(2, pool.FreeCount);
        Assert.Throws<InvalidOperationException>(() => pool.Release(block));
    }

    [Fact]
    public void Of_free_blocks_those_are_taken_first_that_are_worth_least()
    {
        var pool = new BlockPool(5);
        int[] taken = [pool.Take(), pool.Take(), pool.Take(), pool.Take(), pool.Take()];
        pool.Release(taken[0], KvWorth.Expected + 1);
        pool.Release(taken[1], KvWorth.Expected);
        pool.Release(taken[2]);
        pool.Release(taken[3], KvWorth.Nothing);
        pool.Release(taken[4], KvWorth.Expected);
        Assert.Equal(3, pool.KeptCount);
        pool.Move(taken[1], KvWorth.Ordinary);
        Assert.Equal([taken[3], taken[2], taken[1], taken[4], taken[0]], Enumerable.Range(0, 5).Select(_ => pool.Take()));
    }

    [Fact]
    public void Of_awaited_blocks_those_are_taken_first_that_are_awaited_last()
    {
        var pool = new BlockPool(3);
        int[] taken = [pool.Take(), pool.Take(), pool.Take()];
        pool.Release(taken[0], KvWorth.Awaited);
        pool.Release(taken[1], KvWorth.Awaited);
        pool.Release(taken[2], KvWorth.Expected);
        Assert.Equal([taken[2], taken[1], taken[0]], Enumerable.Range(0, 3).Select(_ => pool.Take()));
    }

    [Fact]
    public void Any_order_of_taking_and_releasing_keeps_the_pool_whole() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[0, 1_000_000].Array[0, 200]).Sample((count, choices) =>
        {
            var pool = new BlockPool(count);
            var held = new List<int>();
            foreach (var choice in choices)
            {
                if (choice % 3 == 0 && held.Count > 0)
                {
                    var at = choice / 3 % held.Count;
                    pool.Release(held[at], choice % KvWorth.Levels);
                    held.RemoveAt(at);
                }
                else if (choice % 3 == 1)
                {
                    // Also a free block may be acquired: that is how a cached one comes back.
                    var block = choice / 3 % count;
                    pool.Acquire(block);
                    held.Add(block);
                }
                else if (choice % 7 == 0 && pool.References(choice / 3 % count) == 0)
                {
                    pool.Move(choice / 3 % count, choice % KvWorth.Levels);
                }
                else if (pool.FreeCount > 0)
                {
                    held.Add(pool.Take());
                }

                pool.CheckIntegrity();
                Assert.Equal(count - held.Distinct().Count(), pool.FreeCount);
            }
        });
}
