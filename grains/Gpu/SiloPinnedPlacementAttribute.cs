using Orleans.Placement;

namespace Crescent.Grains.Gpu;

/// <inheritdoc cref="SiloPinnedPlacement"/>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SiloPinnedPlacementAttribute() : PlacementAttribute(SiloPinnedPlacement.Instance);
