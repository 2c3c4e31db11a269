using Crescent.Control.Placement;
using Crescent.Engine.Devices;

namespace Crescent.Lab.Fleet;

/// <summary>What all devices of a fleet report at a moment, in their order.</summary>
/// <param name="Sequence">Number of the moment.</param>
/// <param name="Devices">How busy each is, what is believed of it, and whether its server is about to sleep.</param>
internal sealed record FleetReport(long Sequence, (DeviceLoad Load, DeviceProfile Profile, bool IsDraining)[] Devices);
