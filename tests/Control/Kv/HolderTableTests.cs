using System.Runtime.CompilerServices;
using Crescent.Control.Kv;
using Crescent.Engine.Kv;
using CsCheck;
using HolderTable = Crescent.Control.Kv.HolderTable;

namespace Crescent.Tests.Control.Kv;

public class HolderTableTests
{
    // Hashes that all meet in one shard, a third of them in one line, so that lines flow over, around the shard's end as well.
    private static readonly Gen<(bool Adds, ulong Low)[]> Changes = Gen.Select(
        Gen.Bool, Gen.OneOf(Gen.ULong[0, 5], Gen.ULong[ulong.MaxValue - 60, ulong.MaxValue], Gen.ULong[0, 200].Select(static n => n * 0x9E3779B97F4A7C15))).Array[0, 400];

    [Fact]
    public void The_table_holds_what_a_dictionary_holds() => Changes.Sample(
        static changes =>
        {
            var (table, sets) = (new HolderTable(1), new SlotSets(4, 1));
            var model = new HashSet<ulong>();
            foreach (var (adds, low) in changes)
            {
                // The lower half 0 is told as 1.
                var key = Math.Max(1, low);
                var hash = new BlockHash(key);
                if (adds && model.Add(key))
                {
                    sets.Add(ref table.GetOrAdd(hash), (int)(key % 200));
                }
                else if (!adds && model.Remove(key))
                {
                    ref var set = ref table.FindSet(hash);
                    Assert.True(sets.Remove(ref set, (int)(key % 200)));
                    table.RemoveEmpty(hash);
                }

                Assert.Equal(model.Count, table.Count);
            }

            foreach (var (_, low) in changes)
            {
                var key = Math.Max(1, low);
                var hash = new BlockHash(key);
                var found = table.Find(hash);
                Assert.Equal(!model.Contains(key), found.IsEmpty);
                Assert.Equal(found.IsEmpty, Unsafe.IsNullRef(ref table.FindSet(hash)));
                if (table.FindNear(hash, out var near))
                {
                    Assert.Equal(found.Sum, near.Sum);
                }
            }
        },
        iter: 300);
}
