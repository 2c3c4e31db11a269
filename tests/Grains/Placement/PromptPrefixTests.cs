using Crescent.Engine.Devices;
using Crescent.Grains.Kv;
using Crescent.Grains.Placement;

namespace Crescent.Tests.Grains.Placement;

public sealed class PromptPrefixTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(16, 0)]
    [InlineData(17, 1)]
    [InlineData(32, 1)]
    [InlineData(33, 2)]
    public void The_last_token_of_a_prompt_is_in_none_of_its_blocks_since_no_device_takes_it_from_its_cache(int tokens, int blocks)
    {
        KvRoot[] roots = [new KvRoot("m", "f16", new KvBlockSize(16))];
        var (_, chain) = Assert.Single(PromptPrefix.Of(roots, new int[tokens], null).Chains.ToArray());
        Assert.Equal(blocks, chain.Length);
    }
}
