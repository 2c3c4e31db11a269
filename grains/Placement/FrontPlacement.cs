namespace Crescent.Grains.Placement;

/// <summary>
/// Places a grain in a front end: in that which asks, if it is one. Where no front end is known it goes to the silo that asks.
/// </summary>
[GenerateSerializer, Immutable, Alias("Crescent.FrontPlacement")]
public sealed class FrontPlacement : PlacementStrategy
{
    internal static readonly FrontPlacement Instance = new();
}
