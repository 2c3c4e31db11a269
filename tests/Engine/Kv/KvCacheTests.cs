using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using CsCheck;

namespace Crescent.Tests.Engine.Kv;

public sealed class KvCacheTests
{
    private static readonly KvBlockSize Size = new(16);
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 100)];

    [Fact]
    public void Hashes_that_somebody_has_made_are_taken_as_they_are()
    {
        var root = BlockHash.Root("test", "f16");
        var made = Hashes(root, Prompt);
        var table = new BlockTable();
        KvCache.Adopt(table, Size, root, made, Prompt);
        Assert.Equal(made, table.Hashes);

        // What an earlier attempt has put out follows the prompt that was hashed.
        int[] resumed = [.. Prompt, .. Enumerable.Range(500, 40)];
        KvCache.Hash(table, Size, root, resumed);
        Assert.Equal(Hashes(root, resumed), table.Hashes);
    }

    [Fact]
    public void Hashes_of_another_root_prompt_or_length_of_block_are_left_alone()
    {
        var root = BlockHash.Root("test", "f16");
        var table = new BlockTable();
        KvCache.Adopt(table, Size, BlockHash.Root("test", "f16", "salt"), Hashes(root, Prompt), Prompt);
        KvCache.Adopt(table, Size, root, Hashes(root, [.. Prompt[..90], .. Prompt[..10]]), [.. Prompt[..80], .. Prompt[..20]]);
        KvCache.Adopt(table, new KvBlockSize(8), root, Hashes(root, Prompt), Prompt);
        KvCache.Adopt(table, Size, root, [], Prompt);
        Assert.Empty(table.Hashes);
    }

    private static BlockHash[] Hashes(BlockHash root, int[] tokens)
    {
        var table = new BlockTable();
        KvCache.Hash(table, Size, root, tokens);
        return [.. table.Hashes];
    }

    [Fact]
    public void A_refused_allocation_changes_nothing_and_a_granted_one_is_whole() =>
        Gen.Select(Gen.Int[1, 10], Gen.Int[3, 6].Select(shift => 1 << shift), Gen.Select(Gen.Int[0, 2], Gen.Int[0, 99], Gen.Int[1, 120], Gen.Int[0, 3]).Array[1, 60]).Sample((blocks, positionsInBlock, choices) =>
        {
            var size = new KvBlockSize(positionsInBlock);
            var cache = new KvCache(blocks, size);
            var tables = new List<BlockTable>();
            foreach (var (what, which, positions, spare) in choices)
            {
                if (what == 2 && tables.Count > 0)
                {
                    cache.Free(tables[which % tables.Count]);
                    tables.RemoveAt(which % tables.Count);
                    cache.CheckIntegrity(tables);
                    continue;
                }

                var table = what == 0 || tables.Count == 0 ? new BlockTable() : tables[which % tables.Count];
                var isNew = !tables.Contains(table);
                if (isNew)
                {
                    KvCache.Hash(table, size, BlockHash.Root("test", "f16"), [.. Enumerable.Range(which % 3, positions)]);
                }

                var match = isNew ? cache.Match(table, positions) : default;
                var (free, cached, before) = (cache.FreeBlocks, cache.CachedBlocks, table.Blocks.ToArray());
                var granted = isNew ? cache.TryAdopt(table, match, positions, spare) : cache.TryGrow(table, positions, spare);
                if (granted)
                {
                    Assert.True(size.PositionsIn(table.Count) >= positions);
                    cache.Register(table, Math.Min(positions, size.PositionsIn(table.Count)));
                    if (isNew)
                    {
                        tables.Add(table);
                    }
                }
                else
                {
                    Assert.Equal((free, cached), (cache.FreeBlocks, cache.CachedBlocks));
                    Assert.Equal(before, table.Blocks.ToArray());
                }

                cache.CheckIntegrity(tables);
            }
        });
}
