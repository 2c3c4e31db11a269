namespace Crescent.Engine.Devices;

/// <summary>Which way a KV block or a state is copied.</summary>
public enum KvCopyKind
{
    /// <summary>Out of the device, to the host.</summary>
    ToHost,

    /// <summary>From the host into the device.</summary>
    FromHost,

    /// <summary>From one block of the device to another.</summary>
    Within,

    /// <summary>From one state of the device to another; the numbers are those of states.</summary>
    State,

    /// <summary>A part of a state out of the device, to the host; the number is that of the state.</summary>
    StateToHost,

    /// <summary>A part of a state from the host into the device; the number is that of the state.</summary>
    StateFromHost,
}
