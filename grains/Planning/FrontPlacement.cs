namespace Crescent.Grains.Planning;

/// <summary>Places a grain in a front end: in that which asks, if it is one.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.FrontPlacement")]
public sealed class FrontPlacement : PlacementStrategy
{
    internal static readonly FrontPlacement Instance = new();
}
