using Crescent.Engine.Scheduling;
using Crescent.Grains.Power;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Streams;

/// <summary>Holds calls of the batch class back while the governor wants it: nobody waits for them.</summary>
internal sealed class BatchGate(PowerDesk desk, IOptions<GenerationOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    /// <summary>Waits until <paramref name="call"/> may go on: at once but for calls of the batch class.</summary>
    /// <exception cref="RequestRefusedException">It may not within its deadline, or within the time that placing a call may take.</exception>
    public async Task Wait(InferenceRequest call, CancellationToken cancellationToken)
    {
        if (call.Priority != RequestPriority.Batch || !desk.DeferBatch)
        {
            return;
        }

        var began = time.GetTimestamp();
        var limit = call.Deadline ?? TimeSpan.FromSeconds(options.Value.PlacementSeconds);
        while (desk.DeferBatch)
        {
            if (time.GetElapsedTime(began) + Poll > limit)
            {
                throw new RequestRefusedException(
                    RefusalReason.Deferred,
                    $"Power is short: calls of the batch class wait, and this one has for {limit.TotalSeconds:0.#} s. Try again later, or with a higher priority.",
                    RetryAfter);
            }

            await Task.Delay(Poll, time, cancellationToken);
        }
    }
}
