using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

namespace Crescent.Lab.Fleet;

/// <summary>Hashes of the whole blocks of prompts.</summary>
/// <param name="root">The hash that each chain begins with.</param>
internal sealed class PromptHashes(BlockHash root)
{
    /// <summary>Those of a prompt.</summary>
    public BlockHash[] Of(int[] prompt, KvBlockSize blockSize)
    {
        // The last token is always computed, so its block cannot be taken from a cache.
        var chain = new BlockHash[blockSize.FullBlocks(prompt.Length - 1)];
        var hash = root;
        for (var i = 0; i < chain.Length; i++)
        {
            chain[i] = hash = hash.Next(prompt.AsSpan(blockSize.PositionsIn(i), blockSize.Positions));
        }

        return chain;
    }
}
