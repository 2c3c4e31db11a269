namespace Crescent.Grains.Placement;

/// <summary>Places a call where the silo's placement policy says.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.ScoredPlacement")]
public sealed class ScoredPlacement : PlacementStrategy
{
    internal static readonly ScoredPlacement Instance = new();
}
