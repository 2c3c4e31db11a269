using Orleans.Runtime.Placement;

namespace Crescent.Grains.Placement;

/// <summary>
/// Puts an inference call in the silo whose device the policy chooses, and charges the reservation; in the calling silo itself where no device may take it. It runs in the calling silo, on
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

        // Where none may take it, the call stays here and is told why: what is thrown here would be tried again, and logged each time.
        return Task.FromResult(ledger.Place(needs, compatible) ?? context.LocalSilo);
    }
}
