namespace Crescent.Grains.Placement;

/// <summary>The device with the fewest sequences that run, wait or are on their way; of equal ones, each in turn.</summary>
public sealed class LeastQueuePolicy : IPlacementPolicy
{
    /// <summary>The policy's name.</summary>
    public const string PolicyName = "least-queue";

    public string Name => PolicyName;

    public PlacementDecision Choose(in PlacementCall call, FactoryView view)
    {
        if (!view.TryFindGate(call, out var wanted))
        {
            return PlacementDecision.None;
        }

        var devices = view.Devices;
        var first = (int)((ulong)call.Number % (uint)devices.Length);
        var best = PlacementDecision.None;
        for (var i = 0; i < devices.Length; i++)
        {
            var index = (first + i) % devices.Length;
            ref readonly var device = ref devices[index];
            if (view.Gate(call, device) == wanted && (!best.IsPlaced || device.Load < best.Terms.Queue))
            {
                best = new PlacementDecision(index, new PlacementTerms(device.Load, 0, 0));
            }
        }

        return best;
    }
}
