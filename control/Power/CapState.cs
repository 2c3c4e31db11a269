namespace Crescent.Control.Power;

/// <summary>The cap of a device at a moment, and the order that it comes from.</summary>
/// <param name="Incarnation">Which start of the device.</param>
/// <param name="Stamp">Of the last order that it took.</param>
/// <param name="Watts">The cap in force.</param>
public readonly record struct CapState(long Incarnation, CapStamp Stamp, double Watts);
