namespace Crescent.Grains.Gpu;

/// <summary>A device did not do what a well one does.</summary>
internal sealed class DeviceSickException(string message) : Exception(message);
