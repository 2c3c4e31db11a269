namespace Crescent.Grains.Placement;

/// <summary>Each device in turn, whatever its state, as long as its gate is open: the baseline.</summary>
public sealed class RoundRobinPolicy : IPlacementPolicy
{
    /// <summary>The policy's name.</summary>
    public const string PolicyName = "round-robin";

    public string Name => PolicyName;

    public PlacementDecision Choose(in PlacementCall call, FactoryView view)
    {
        if (!view.TryFindGate(call, out var wanted))
        {
            return PlacementDecision.None;
        }

        var devices = view.Devices;
        var eligible = 0;
        foreach (ref readonly var device in devices)
        {
            eligible += view.Gate(call, device) == wanted ? 1 : 0;
        }

        var turn = (int)((ulong)call.Number % (uint)eligible);
        for (var i = 0; ; i++)
        {
            if (view.Gate(call, devices[i]) == wanted && turn-- == 0)
            {
                return new PlacementDecision(i, default);
            }
        }
    }
}
