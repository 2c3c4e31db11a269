using Orleans.Runtime.Placement;

namespace Crescent.Grains.Placement;

/// <summary>
/// Puts an inference call in the silo whose device the policy chooses, and charges the reservation. It runs in the calling silo, on
/// that silo's view.
/// </summary>
internal sealed class ScoredPlacementDirector(PlacementLedger ledger) : IPlacementDirector
{
    private static readonly PlacementNeeds Unknown = new() { PromptTokens = 1, MaxTokens = 1 };

    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var compatible = context.GetCompatibleSilos(target);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, compatible) is { } hint)
        {
            return Task.FromResult(hint);
        }

        var needs = target.RequestContextData?.GetValueOrDefault(PlacementNeeds.Key) as PlacementNeeds ?? Unknown;
        return ledger.Place(needs, compatible) is { } silo
            ? Task.FromResult(silo)
            : throw new SiloUnavailableException($"No device may take {target.GrainIdentity}.");
    }
}
