using Crescent.Engine.Kv;
using CsCheck;

namespace Crescent.Tests.Engine.Kv;

public sealed class BlockIndexTests
{
    [Fact]
    public void Any_history_of_adding_and_forgetting_finds_what_a_dictionary_finds() =>
        Gen.Select(Gen.Int[1, 40], Gen.Select(Gen.Bool, Gen.Int[0, 39], Gen.Int[0, 59]).Array[1, 200]).Sample((blocks, choices) =>
        {
            var index = new BlockIndex(blocks);
            var known = new Dictionary<BlockHash, int>();
            foreach (var (adds, which, content) in choices)
            {
                var block = which % blocks;
                if (index.Holds(block) && !adds)
                {
                    known.Remove(index.HashOf(block));
                    index.Remove(block);
                }
                else if (!index.Holds(block) && adds)
                {
                    Assert.Equal(known.TryAdd(Crowded(content), block), index.TryAdd(Crowded(content), block));
                }

                Assert.Equal(known.Count, index.Count);
                Assert.All(Enumerable.Range(0, 60), c => Assert.Equal(known.GetValueOrDefault(Crowded(c), -1), index.Find(Crowded(c))));
                Assert.Equal(known.Values.Order(), Enumerable.Range(0, blocks).Where(index.Holds));
            }
        });

    // Few places, the last before the table's end among them, and contents that differ only in the bits that no place is made of.
    private static BlockHash Crowded(int content) => new((((UInt128)(content / 6)) << 64) | (uint)((content % 6) - 3));
}
