using Crescent.Engine.Scheduling;
using Crescent.Grains.Gpu;
using Crescent.Grains.Inference;
using Crescent.Grains.Placement;
using Crescent.Grains.Streams;

namespace Crescent.Tests.Grains.Inference;

/// <summary>What becomes of a call between the director's decision and a device.</summary>
public sealed class InferenceGrainTests(FactoryCluster factory) : FactoryClusterTest(factory)
{
    [Fact]
    public async Task A_call_for_which_the_director_finds_no_device_is_told_why_by_its_own_silo()
    {
        var front = Factory.Silos[0];
        string[] all = [.. Factory.Silos.Select(static s => $"{s.Name}/history")];
        RequestContext.Set(PlacementNeeds.Key, new PlacementNeeds { Stream = 4711, PromptTokens = 3, MaxTokens = 1, Avoid = all });
        try
        {
            var reply = await FactoryCluster.Service<IGrainFactory>(front).GetGrain<IInferenceGrain>(Guid.NewGuid()).Start(new Submission
            {
                Request = new InferenceRequest { Id = (4711 << 8) | 1, RequestId = "nowhere", Prompt = [1, 2, 3], MaxTokens = 1 },
                Front = FactoryCluster.Service<ILocalSiloDetails>(front).SiloAddress,
                Observer = await FactoryCluster.Service<TokenRouter>(front).GetReference(),
            });
            Assert.Equal((RefusalReason.Unavailable, "All devices that could take it have failed it."), (reply.Refusal!.Reason, reply.Refusal.Message));
            Assert.Equal(0, Live());
        }
        finally
        {
            RequestContext.Clear();
        }
    }
}
