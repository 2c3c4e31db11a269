using Crescent.Grains.Gpu;

namespace Crescent.Grains.Placement;

/// <summary>
/// The device where a call waits least, what its cache holds of the prompt counted off, has the most room and adds the fewest watts:
/// <c>score = t / 0.1 s + u + exp(8 (u - 1)) + w dP / (cap - P)</c>, where t is the time to the first token as step times tell, u the
/// share of KV blocks in use once the call has its longest, P the power now and dP what one more sequence adds by
/// <see cref="DecodePowerCurve"/>.
/// </summary>
/// <param name="powerWeight">w; 0 places by queue and room alone.</param>
public sealed class PowerQueuePolicy(double powerWeight = PlacementOptions.DefaultPowerWeight) : IPlacementPolicy
{
    /// <summary>The policy's name.</summary>
    public const string PolicyName = "power-queue";

    /// <summary>The wait that costs one point.</summary>
    public const double QueueReferenceSeconds = 0.1;

    /// <summary>Step time that is assumed of a device that has made none yet, and the least there is.</summary>
    public const double LeastStepSeconds = 0.001;

    public string Name => PolicyName;

    public PlacementDecision Choose(in PlacementCall call, FactoryView view)
    {
        if (!view.TryFindGate(call, out var wanted))
        {
            return PlacementDecision.None;
        }

        // Devices that score the same take turns, so the search begins at another one for each call.
        var devices = view.Devices;
        var first = (int)((ulong)call.Number % (uint)devices.Length);
        var best = PlacementDecision.None;
        for (var i = 0; i < devices.Length; i++)
        {
            var index = (first + i) % devices.Length;
            ref readonly var device = ref devices[index];
            if (view.Gate(call, device) != wanted)
            {
                continue;
            }

            var terms = Terms(call, device, view.Uncached(call, index));
            if (!best.IsPlaced || terms.Score < best.Terms.Score)
            {
                best = new PlacementDecision(index, terms);
            }
        }

        return best;
    }

    /// <summary>The terms of <paramref name="device"/>'s score, of which it would have to compute <paramref name="uncached"/> prompt tokens.</summary>
    public PlacementTerms Terms(in PlacementCall call, in DeviceState device, int uncached)
    {
        var report = device.Report;

        // Prefill is a share of a step for each budget's worth of tokens; each sequence ahead lengthens every step, by up to a step.
        var prefill = report.QueuedPromptTokens + device.UnseenPromptTokens + uncached;
        var steps = ((double)prefill / Math.Max(1, report.MaxStepTokens)) + device.Load;
        var queue = steps * Math.Max(report.StepSeconds, LeastStepSeconds) / QueueReferenceSeconds;

        var need = HostedDevice.BlocksFor(call.PromptTokens, call.MaxTokens, report.BlockSize);
        var taken = Math.Max(report.TotalBlocks - report.FreeBlocks, report.CommittedBlocks);
        var use = (double)(taken + device.UnseenBlocks + need) / Math.Max(1, report.TotalBlocks);
        var blocks = use + Math.Exp(8 * (Math.Min(use, 2) - 1));

        var added = DecodePowerCurve.AddedWatts(report.CapWatts, device.Load);
        var headroom = Math.Max(report.CapWatts - report.Watts, 0.01 * report.CapWatts);
        var power = headroom > 0 ? powerWeight * added / headroom : 0;
        return new PlacementTerms(queue, blocks, power);
    }
}
