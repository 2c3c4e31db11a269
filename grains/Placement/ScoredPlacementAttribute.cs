using Orleans.Placement;

namespace Crescent.Grains.Placement;

/// <inheritdoc cref="ScoredPlacement"/>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ScoredPlacementAttribute() : PlacementAttribute(ScoredPlacement.Instance);
