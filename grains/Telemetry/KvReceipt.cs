namespace Crescent.Grains.Telemetry;

/// <summary>The answer to a <see cref="KvEventMessage"/>.</summary>
/// <param name="Seen">Id of the newest event that the silo has had of this cache; a lower one than was sent asks for the rest again.</param>
[GenerateSerializer, Immutable, Alias("Crescent.KvReceipt")]
public readonly record struct KvReceipt([property: Id(0)] long Seen);
