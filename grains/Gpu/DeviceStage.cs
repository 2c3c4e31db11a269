namespace Crescent.Grains.Gpu;

/// <summary>Where a device is in its life.</summary>
internal enum DeviceStage
{
    /// <summary>Not opened, or closed since an operator drained it.</summary>
    Closed,

    /// <summary>It loads, or is tried after it was sick.</summary>
    Opening,

    /// <summary>It takes calls.</summary>
    Serving,

    /// <summary>It is sick: it takes no calls, is closed, and is tried again after a pause.</summary>
    Quarantined,
}
