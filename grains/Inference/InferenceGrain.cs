using Crescent.Engine.Scheduling;
using Crescent.Grains.Gpu;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry.Kv;

namespace Crescent.Grains.Inference;

/// <inheritdoc cref="IInferenceGrain"/>
[PowerQueuePlacement]
internal sealed class InferenceGrain(DeviceRegistry devices, IPlacementPolicy policy, KvIndexFeed caches, ILocalSiloDetails silo) : Grain, IInferenceGrain
{
    public async Task<SubmissionReply> Start(Submission submission)
    {
        DeactivateOnIdle();
        var report = devices.Report();
        var view = new FactoryView();
        foreach (var device in report.Devices)
        {
            view.Add(new DeviceState
            {
                Silo = report.Silo,
                SiloName = report.Name,
                Key = new DeviceKey(report.Name, device.Device).ToString(),
                Report = device,
                Draining = report.Draining,
                Reachable = true,
            });
        }

        // One device leaves no choice, and then hashing the prompt once more would be for nothing.
        var prefixes = new PrefixOverlap(caches);
        var prefix = report.Devices.Length < 2 || submission.WantsEmbedding || submission.Prefer is not null
            ? null
            : PromptPrefix.Of(caches.Roots, submission.Prompt, submission.CacheSalt);
        prefixes.Fill(prefix, view.Devices, view.Overlap);

        // Here the states are exact; the view that led here was a moment old. A device that refuses all the same is passed over once.
        var call = new PlacementCall(report.Sequence, submission.Prompt.Length, submission.MaxTokens, Prefer: submission.Prefer);
        var decision = view.TryPrefer(call, out var preferred) ? preferred : policy.Choose(call, view);
        var reply = Refused(view.Refuse(call) ?? NoDevice());
        for (var tries = 0; decision.IsPlaced && tries < 2; tries++)
        {
            var key = view.Devices[decision.Device].Key;
            reply = await GrainFactory.GetGrain<IGpuGrain>(key).Submit(submission);
            if (reply.Refusal is not { Reason: RefusalReason.Overloaded })
            {
                prefixes.Predict(reply.Refusal is null ? prefix : null, key);
                break;
            }

            call = call with { Avoid = key };
            decision = policy.Choose(call, view);
        }

        return reply;
    }

    private static Refusal NoDevice() => new(RefusalReason.Overloaded, "The silo has no device for the call.", TimeSpan.FromSeconds(1));

    private SubmissionReply Refused(Refusal refusal) => new() { Device = "", Owner = silo.SiloAddress, Refusal = refusal };
}
