using Crescent.Grains.Gpu;
using Crescent.Grains.Placement;

namespace Crescent.Grains.Inference;

/// <summary>
/// One attempt at one inference call, with a fresh key. Its placement is the decision where the call runs: the request context names
/// what it needs (<see cref="Placement.PlacementNeeds"/>). It hands the call to a device of the silo it woke up in, and is gone.
/// </summary>
[Alias("Crescent.IInferenceGrain")]
public interface IInferenceGrain : IGrainWithGuidKey
{
    /// <summary>Submits the call to the best device of this silo.</summary>
    [Alias("Start"), ResponseTimeout("00:00:10")]
    Task<SubmissionReply> Start(Submission submission);
}
