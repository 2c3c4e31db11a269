using Orleans.Placement;

namespace Crescent.Grains.Placement;

/// <inheritdoc cref="PowerQueuePlacement"/>
[AttributeUsage(AttributeTargets.Class)]
public sealed class PowerQueuePlacementAttribute() : PlacementAttribute(PowerQueuePlacement.Instance);
