using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Grains.Kv;

namespace Crescent.Grains.Placement;

/// <summary>Lets <see cref="PromptPrefix"/> cross Orleans. A chain of blocks that are none here is left out.</summary>
[RegisterConverter]
public sealed class PromptPrefixConverter : IConverter<PromptPrefix, PromptPrefixWire>
{
    public PromptPrefix ConvertFromSurrogate(in PromptPrefixWire surrogate)
    {
        var chains = new List<(KvRoot, BlockHash[])>();
        foreach (var chain in surrogate.Chains ?? [])
        {
            if (KvBlockSize.IsValid(chain.BlockSize))
            {
                var hashes = new BlockHash[chain.Hashes.Length / KvEventCodec.HashBytes];
                KvEventCodec.ReadHashes(chain.Hashes, hashes);
                chains.Add((new KvRoot(chain.Model, chain.KvType, new KvBlockSize(chain.BlockSize)), hashes));
            }
        }

        return new PromptPrefix([.. chains]);
    }

    public PromptPrefixWire ConvertToSurrogate(in PromptPrefix value) => new()
    {
        Chains = Array.ConvertAll(value.Chains.ToArray(), static chain => new PromptChain
        {
            Model = chain.Root.Model,
            KvType = chain.Root.KvType,
            BlockSize = chain.Root.BlockSize.Positions,
            Hashes = KvEventCodec.WriteHashes(chain.Chain),
        }),
    };
}
