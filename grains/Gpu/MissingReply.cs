namespace Crescent.Grains.Gpu;

/// <summary>A device's answer to whether it has sequences.</summary>
/// <param name="Missing">Those it does not have.</param>
/// <param name="Steps">Steps it has done; a device that has sequences and makes no steps hangs.</param>
[GenerateSerializer, Immutable, Alias("Crescent.MissingReply")]
public sealed record MissingReply([property: Id(0)] long[] Missing, [property: Id(1)] long Steps);
