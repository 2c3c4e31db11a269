namespace Crescent.Control.Placement;

/// <summary>A policy's decision.</summary>
/// <param name="Device">Index of the device in the view, or -1 when there is none for the call.</param>
/// <param name="Terms">What its score is made of.</param>
public readonly record struct PlacementDecision(int Device, PlacementTerms Terms)
{
    /// <summary>No device can take the call.</summary>
    public static PlacementDecision None => new(-1, default);

    public bool IsPlaced => Device >= 0;
}
