namespace Crescent.Control.Placement;

/// <summary>What all scoring policies have in common: of the devices with the best gate, the one with the fewest points.</summary>
internal static class LowestScore
{
    /// <summary>What speaks against a device.</summary>
    /// <param name="call">The call.</param>
    /// <param name="view">The devices.</param>
    /// <param name="device">One of them.</param>
    /// <param name="state">What holds for the whole decision.</param>
    public delegate PlacementTerms TermsOf<in T>(in PlacementCall call, FactoryView view, int device, T state);

    /// <summary>Chooses by a policy's scores.</summary>
    public static PlacementDecision Choose(IPlacementPolicy policy, in PlacementCall call, FactoryView view) => view.TryFindGate(call, out var wanted)
        ? Choose(call, view, wanted, policy, static (in PlacementCall one, FactoryView all, int device, IPlacementPolicy by) => by.Score(one, all, device))
        : PlacementDecision.None;

    /// <summary>Chooses by terms that share what was found out once. Devices that score the same take turns: the search begins at another one for each call.</summary>
    public static PlacementDecision Choose<T>(in PlacementCall call, FactoryView view, PlacementGate wanted, T state, TermsOf<T> termsOf)
    {
        var count = view.Devices.Length;
        var first = (int)((ulong)call.Number % (uint)count);
        var best = PlacementDecision.None;
        for (var i = 0; i < count; i++)
        {
            var index = first + i < count ? first + i : first + i - count;
            if (view.Gate(call, index) != wanted)
            {
                continue;
            }

            var terms = termsOf(call, view, index, state);
            if (!best.IsPlaced || terms.Score < best.Terms.Score)
            {
                best = new PlacementDecision(index, terms);
            }
        }

        return best;
    }
}
