using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using CsCheck;

namespace Crescent.Tests.Engine.Kv;

/// <summary>Groups of layers with a window: what is held, what is given back, and where a sequence can begin again.</summary>
public sealed class WindowCacheTests
{
    private const int Window = 40;

    private static readonly KvBlockSize Size = new(16);
    private static readonly KvReach[] Groups = [default, new(Window), new(ChunkLength: 64)];
    private static readonly BlockHash Root = BlockHash.Root("test", "f16");

    [Fact]
    public void A_long_sequence_holds_blocks_for_its_length_where_all_is_seen_and_for_the_window_elsewhere()
    {
        var cache = new KvCache(6600, Size, groups: Groups);
        var table = new BlockTable();
        for (var computed = 0; computed < 100_000; computed += 500)
        {
            Assert.True(cache.TryGrow(table, computed + 500));
            Assert.InRange(cache.TotalBlocks - cache.FreeBlocks, 1, Size.BlocksFor(computed + 500) + (((500 + Window) / 16) + 3) + (((500 + 64) / 16) + 3));
            cache.Slide(table, computed + 500, []);
        }

        // Behind position 100,000 a window of 40 begins in block 6247, a chunk of 64 in block 6248.
        Assert.Equal([0, 6247, 6248], table.Runs.Select(static run => run.First));
        Assert.Equal(6250 + 3 + 2, cache.TotalBlocks - cache.FreeBlocks);
        cache.CheckIntegrity([table]);
        cache.Free(table);
        Assert.Equal(cache.TotalBlocks, cache.FreeBlocks);
    }

    [Fact]
    public void What_a_long_sequence_passes_is_taken_before_what_others_have_left()
    {
        var cache = new KvCache(300, Size, groups: Groups);
        var other = Compute(cache, Tokens(1, 800), 800);
        cache.Free(other);

        // In all it takes more blocks than there are.
        var table = Compute(cache, Tokens(2, 1600), 1600);
        Assert.True(table.Runs.Count * 100 > 300 - (800 / 16));
        Assert.Equal(new PrefixMatch(50, 0), cache.Match(Hashed([.. Tokens(1, 800), 1]), 801));
    }

    [Fact]
    public void Where_others_part_with_it_a_sequence_leaves_what_is_seen_from_there_and_the_rest_is_taken_first()
    {
        var cache = new KvCache(170, Size, groups: Groups);
        var table = Compute(cache, Tokens(1, 800), 800, places: 320);
        cache.Free(table);

        // All that is worth nothing and a little is taken.
        var filler = Compute(cache, Tokens(2, 220), 220);
        cache.CheckIntegrity([filler]);
        Assert.Equal(new PrefixMatch(20, 0), cache.Match(Hashed([.. Tokens(1, 330), .. Tokens(3, 100)]), 430));
        Assert.Equal(new PrefixMatch(50, 0), cache.Match(Hashed([.. Tokens(1, 800), 1]), 801));
    }

    [Fact]
    public void A_fork_takes_what_is_seen_from_where_it_begins_and_none_is_made_of_what_has_been_given_back()
    {
        var (cache, copies) = (new KvCache(100, Size, groups: Groups), new KvCopies());
        var table = Compute(cache, Tokens(1, 200), 200);
        Assert.True(cache.CanFork(table, 200));
        Assert.False(cache.CanFork(table, 120));
        Assert.False(cache.CanFork(table, 210));
        var copy = new BlockTable();
        Assert.True(cache.TryFork(table, copy, 199, copies));

        // From position 199 on: a window from 160, a chunk from 192.
        Assert.Equal([0, 10, 12], copy.Runs.Select(static run => run.First));
        Assert.Equal([13, 13, 13], copy.Runs.Select(static run => run.End));
        Assert.Equal(3, copies.Count);
        Assert.Equal(table.Blocks[..12], copy.Blocks[..12]);
        cache.CheckIntegrity([table, copy]);
    }

    [Fact]
    public void Any_work_matches_the_longest_beginning_of_which_every_group_has_what_is_seen() =>
        Gen.Select(Gen.Int[30, 120], Gen.Select(Gen.Int[0, 3], Gen.Int[1, 400], Gen.Int[0, 400]).Array[1, 25]).Sample((blocks, calls) =>
        {
            var cache = new KvCache(blocks, Size, groups: Groups);
            foreach (var (kind, length, place) in calls)
            {
                // Two beginnings, each with two ends.
                int[] tokens = [.. Tokens(kind & 1, length), .. Tokens(10 + kind, 64)];
                var table = Hashed(tokens);
                var match = cache.Match(table, tokens.Length);
                Assert.Equal(Longest(cache, table, tokens.Length), match.Blocks);
                if (cache.TryAdopt(table, match, Size.PositionsIn(match.Blocks)))
                {
                    Advance(cache, table, Size.PositionsIn(match.Blocks), tokens.Length, place);
                    cache.CheckIntegrity([table]);
                    cache.Free(table);
                }

                cache.CheckIntegrity([]);
                Assert.Equal(blocks, cache.FreeBlocks);
            }
        });

    private static int Longest(KvCache cache, BlockTable table, int tokens)
    {
        var full = Size.FullBlocks(tokens - 1);
        var leading = Enumerable.Range(0, full).TakeWhile(i => cache.Contains(table.Hashes[i])).Count();
        return Enumerable.Range(0, leading + 1).Last(count => Enumerable.Range(0, Groups.Length).All(group =>
            Enumerable.Range(0, count)
                .Where(i => Size.PositionsIn(i + 1) > Groups[group].FirstSeen(Size.PositionsIn(count)))
                .All(i => cache.Contains(table.Hashes[i].Of(group)))));
    }

    private static BlockTable Compute(KvCache cache, int[] tokens, int positions, int places = 0)
    {
        var table = Hashed(tokens);
        Advance(cache, table, 0, positions, places);
        return table;
    }

    private static void Advance(KvCache cache, BlockTable table, int computed, int positions, int place)
    {
        while (computed < positions && cache.TryGrow(table, Math.Min(computed + 50, positions)))
        {
            computed = Math.Min(computed + 50, positions);
            cache.Register(table, computed);
            cache.Slide(table, computed, [place]);
        }
    }

    private static BlockTable Hashed(int[] tokens)
    {
        var table = new BlockTable();
        KvCache.Hash(table, Size, Root, tokens);
        return table;
    }

    private static int[] Tokens(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(1000))];
    }
}
