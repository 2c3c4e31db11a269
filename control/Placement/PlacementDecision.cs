namespace Crescent.Control.Placement;

/// <summary>A policy's decision.</summary>
/// <param name="Device">Index of the device in the view, or below 0 when there is none for the call.</param>
/// <param name="Terms">What its score is made of.</param>
public readonly record struct PlacementDecision(int Device, PlacementTerms Terms)
{
    /// <summary>No device can take the call.</summary>
    public static PlacementDecision None => new(-1, default);

    /// <summary>Devices could take the call, but none would keep the promise to its user: it is refused before it delays others.</summary>
    public static PlacementDecision Shed => new(-2, default);

    public bool IsPlaced => Device >= 0;

    public bool IsShed => Device == Shed.Device;
}
