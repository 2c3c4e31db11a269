namespace Crescent.Grains.Configuration;

/// <summary>A device that a silo may open.</summary>
/// <param name="Name">Its name, unique in the silo; the same as its engine says.</param>
/// <param name="Open">Opens it; again after it was closed.</param>
public sealed record DevicePlan(string Name, DeviceFactory Open);
