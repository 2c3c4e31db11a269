namespace Crescent.Grains.Gpu;

/// <summary>What is to be done with a device.</summary>
internal enum DeviceDuty
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Its grain is to open it.</summary>
    Open,

    /// <summary>Its grain is to close it.</summary>
    Close,
}
