namespace Crescent.Client.Json;

/// <summary>How far a drain is, as JSON output tells it.</summary>
/// <param name="Device"><c>silo/device</c>.</param>
/// <param name="Drained">Whether it is out of service.</param>
/// <param name="Sequences">Sequences that it still has; null where that is not known yet.</param>
internal sealed record DrainDocument(string Device, bool Drained, int? Sequences);
