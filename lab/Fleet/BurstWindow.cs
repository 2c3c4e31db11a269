using Crescent.Control.Placement;
using Crescent.Engine.Kv;

namespace Crescent.Lab.Fleet;

/// <summary>Calls that are held for a moment, to be placed together by <see cref="BurstGroups"/>.</summary>
/// <param name="fleet">Whose they are.</param>
/// <param name="front">Who places them.</param>
internal sealed class BurstWindow(VirtualFleet fleet, FleetFront front) : Virtual.IVirtualEvent
{
    private readonly List<(FleetCall Call, FleetRequest Request, int[] Prompt, BlockHash[] Chain)> _held = [];

    /// <summary>Holds a call until the window that it falls into ends.</summary>
    public void Hold(FleetCall call, in FleetRequest request, int[] prompt, BlockHash[] chain)
    {
        if (_held.Count == 0)
        {
            fleet.After(BurstGroups.WindowSeconds, this, fromNow: true);
        }

        _held.Add((call, request, prompt, chain));
    }

    /// <summary>The window ends.</summary>
    public void Fire()
    {
        var (view, blockSize) = (front.View, fleet.BlockSize);
        var running = view.Devices.ToArray().Select(static device => device.Sequences).ToArray();
        var assigned = BurstGroups.Assign([.. _held.Select(static held => held.Chain)], running, blockSize.FullBlocks(BurstGroups.LeastPositions));
        var held = _held.ToArray();
        _held.Clear();
        for (var i = 0; i < held.Length; i++)
        {
            var (call, request, prompt, chain) = held[i];
            fleet.Place(call, request, prompt, chain, assigned[i] < 0 ? null : view.Devices[assigned[i]].Key);
        }
    }
}
