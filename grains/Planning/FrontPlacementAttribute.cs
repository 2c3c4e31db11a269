using Orleans.Placement;

namespace Crescent.Grains.Planning;

/// <inheritdoc cref="FrontPlacement"/>
[AttributeUsage(AttributeTargets.Class)]
public sealed class FrontPlacementAttribute() : PlacementAttribute(FrontPlacement.Instance);
