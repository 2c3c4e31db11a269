using Crescent.Engine.Kv;

namespace Crescent.Tests.Control.Kv;

/// <summary>Chains of block hashes; those with the same trunk begin with the same blocks.</summary>
internal static class Chains
{
    /// <summary>The first <paramref name="shared"/> blocks are those of the trunk, the others the chain's own.</summary>
    public static BlockHash[] Make(int trunk, int shared, int number, int length)
    {
        var chain = new BlockHash[length];
        for (var i = 0; i < length; i++)
        {
            chain[i] = Hash(i < shared ? (1, trunk, i) : (2 + number, trunk, i));
        }

        return chain;
    }

    private static BlockHash Hash((int Kind, int Trunk, int At) block) =>
        BlockHash.Root("chains", "f16", $"{block.Kind} {block.Trunk} {block.At}");
}
