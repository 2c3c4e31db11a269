using Orleans.Placement;

namespace Crescent.Grains.Placement;

/// <inheritdoc cref="FrontPlacement"/>
[AttributeUsage(AttributeTargets.Class)]
public sealed class FrontPlacementAttribute() : PlacementAttribute(FrontPlacement.Instance);
