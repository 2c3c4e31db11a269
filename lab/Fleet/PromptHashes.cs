using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

namespace Crescent.Lab.Fleet;

/// <summary>Hashes of the whole blocks of prompts, one prompt after the other in one place.</summary>
/// <param name="root">The hash that each chain begins with.</param>
internal sealed class PromptHashes(BlockHash root)
{
    private BlockHash[] _chain = new BlockHash[64];

    /// <summary>Those of a prompt; what it gave before is no longer right.</summary>
    public ReadOnlySpan<BlockHash> Of(int[] prompt, KvBlockSize blockSize)
    {
        // The last token is always computed, so its block cannot be taken from a cache.
        var count = blockSize.FullBlocks(prompt.Length - 1);
        if (_chain.Length < count)
        {
            _chain = new BlockHash[Math.Max(count, _chain.Length * 2)];
        }

        var hash = root;
        for (var i = 0; i < count; i++)
        {
            _chain[i] = hash = hash.Next(prompt.AsSpan(blockSize.PositionsIn(i), blockSize.Positions));
        }

        return _chain.AsSpan(0, count);
    }
}
