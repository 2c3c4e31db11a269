namespace Crescent.Control.Power;

/// <summary>A cap that a device is to take.</summary>
/// <param name="Device"><c>silo/device</c>.</param>
/// <param name="Watts">The cap.</param>
public readonly record struct CapOrder(string Device, double Watts)
{
    /// <summary>Whether it still counts when it arrives.</summary>
    public CapStamp Stamp { get; init; }

    /// <summary>Which start of the device it is for: one that has restarted since takes none of its former orders.</summary>
    public long Incarnation { get; init; }

    /// <summary>The cap may only fall to it: a governor that does not know a device yet must not raise it by mistake.</summary>
    public bool IsCeiling { get; init; }
}
