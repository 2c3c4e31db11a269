namespace Crescent.Control.Power;

/// <summary>A cap that a device is to take.</summary>
/// <param name="Device"><c>silo/device</c>.</param>
/// <param name="Watts">The cap.</param>
public readonly record struct CapOrder(string Device, double Watts);
