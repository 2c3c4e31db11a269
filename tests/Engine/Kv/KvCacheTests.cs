using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using CsCheck;

namespace Crescent.Tests.Engine.Kv;

public sealed class KvCacheTests
{
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
                var granted = isNew ? cache.TryAdopt(table, ref match, positions, spare) : cache.TryGrow(table, positions, spare);
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
