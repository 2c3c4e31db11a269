using Crescent.Engine.Kv;
using Crescent.Grains.Kv;

namespace Crescent.Grains.Placement;

/// <summary>
/// The hashes of the full blocks before a prompt's last token, as the devices' caches name them: made once a request and carried to its device, a chain for each model, way to store
/// keys and values and size of block that there is in the cluster, which mostly is one.
/// </summary>
public sealed class PromptPrefix
{
    private readonly (KvRoot Root, BlockHash[] Chain)[] _chains;

    internal PromptPrefix((KvRoot Root, BlockHash[] Chain)[] chains) => _chains = chains;

    /// <summary>The chains.</summary>
    internal ReadOnlySpan<(KvRoot Root, BlockHash[] Chain)> Chains => _chains;

    /// <summary>The chain of devices that start from <paramref name="root"/>; empty where it was not known when the request came.</summary>
    internal BlockHash[] ChainOf(KvRoot root)
    {
        foreach (var (known, chain) in _chains)
        {
            if (known == root)
            {
                return chain;
            }
        }

        return [];
    }

    /// <summary>Hashes <paramref name="prompt"/>: about half a microsecond a block of 16 tokens.</summary>
    /// <param name="roots">What chains start from.</param>
    /// <param name="prompt">Tokens.</param>
    /// <param name="salt">The tenant's salt, or null.</param>
    internal static PromptPrefix Of(IReadOnlyList<KvRoot> roots, ReadOnlySpan<int> prompt, string? salt)
    {
        var chains = new (KvRoot, BlockHash[])[roots.Count];
        for (var i = 0; i < chains.Length; i++)
        {
            var size = roots[i].BlockSize;
            // The last token is always computed, since its logits are needed.
            var chain = new BlockHash[size.FullBlocks(Math.Max(prompt.Length - 1, 0))];
            var hash = BlockHash.Root(roots[i].Model, roots[i].KvType, salt);
            for (var block = 0; block < chain.Length; block++)
            {
                chain[block] = hash = hash.Next(prompt.Slice(size.PositionsIn(block), size.Positions));
            }

            chains[i] = (roots[i], chain);
        }

        return new PromptPrefix(chains);
    }
}
