using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Gpu;
using Crescent.Grains.Kv;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Orleans.GrainDirectory;

namespace Crescent.Grains.Inference;

/// <inheritdoc cref="IInferenceGrain"/>
[ScoredPlacement, GrainDirectory(NoDirectory.Name)]
internal sealed class InferenceGrain(
    DeviceRegistry devices, DeviceDoor door, IPlacementPolicy policy, KvIndexFeed caches, PlacementLedger ledger, ILocalSiloDetails silo) : Grain, IInferenceGrain
{
    public Task<SubmissionReply> Start(Submission submission)
    {
        DeactivateOnIdle();
        return Task.FromResult(Submit(submission));
    }

    private SubmissionReply Submit(Submission submission)
    {
        if (submission.Front.Equals(silo.SiloAddress) && RequestContext.Get(PlacementNeeds.Key) is PlacementNeeds { Stream: not 0 } lost && ledger.DeviceOf(lost.Stream) is null)
        {
            // The director has found no device, which the front end had seen a moment ago.
            return Refused(ledger.Refuse(lost) ?? throw new SiloUnavailableException("Devices that could take the call were there before and after it was placed, but not then."));
        }

        var choice = new LocalChoice(policy, devices.Report(), caches, ledger);
        var needs = RequestContext.Get(PlacementNeeds.Key) as PlacementNeeds ?? Needs(submission);
        choice.LookUp(submission);
        var device = choice.Choose(needs);
        var reply = Refused(choice.Refuse(needs) ?? NoDevice());

        // A device that refuses all the same is passed over once.
        for (var tries = 0; device is not null && tries < 2; tries++)
        {
            reply = door.Submit(DeviceKey.Parse(device), submission with
            {
                Request = submission.Request with { Chain = choice.ChainOf(device) },
                Prefix = null,
                CachedTokens = choice.CachedTokens(submission, device),
            });
            if (reply.Refusal is null)
            {
                if (!submission.Front.Equals(silo.SiloAddress))
                {
                    // In the front end's own silo the decision has said so already.
                    choice.Took(submission, device);
                }

                break;
            }

            if (reply.Refusal.Reason is not (RefusalReason.Overloaded or RefusalReason.Stopping))
            {
                break;
            }

            device = choice.Choose(needs with { Avoid = [.. needs.Avoid, device] });
        }

        return reply;
    }

    private static PlacementNeeds Needs(Submission submission) => new()
    {
        PromptTokens = submission.Request.Prompt.Length,
        MaxTokens = submission.Request.MaxTokens,
        ExpectedTokens = submission.Request.MaxTokens,
        Priority = submission.Request.Priority,
        Prefer = submission.Prefer,
        Model = submission.Request.Model,
    };

    private static Refusal NoDevice() => new(RefusalReason.Overloaded, "The silo has no device for the call.", TimeSpan.FromSeconds(1));

    private SubmissionReply Refused(Refusal refusal) => new() { Device = "", Owner = silo.SiloAddress, Refusal = refusal };
}
