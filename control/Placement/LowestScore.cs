namespace Crescent.Control.Placement;

/// <summary>What all scoring policies have in common: of the devices with the best gate, the one with the fewest points.</summary>
internal static class LowestScore
{
    /// <summary>Devices that score the same take turns: the search begins at another one for each call.</summary>
    public static PlacementDecision Choose(IPlacementPolicy policy, in PlacementCall call, FactoryView view)
    {
        if (!view.TryFindGate(call, out var wanted))
        {
            return PlacementDecision.None;
        }

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

            var terms = policy.Score(call, view, index);
            if (!best.IsPlaced || terms.Score < best.Terms.Score)
            {
                best = new PlacementDecision(index, terms);
            }
        }

        return best;
    }
}
