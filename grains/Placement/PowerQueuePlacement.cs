namespace Crescent.Grains.Placement;

/// <summary>Places a call where the silo's placement policy says.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.PowerQueuePlacement")]
public sealed class PowerQueuePlacement : PlacementStrategy
{
    internal static readonly PowerQueuePlacement Instance = new();
}
