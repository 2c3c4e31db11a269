namespace Crescent.Client.Json;

/// <summary>How far the loading of a model is, as JSON output tells it.</summary>
/// <param name="Device"><c>silo/device</c>.</param>
/// <param name="Model">The model that the device serves now.</param>
/// <param name="Loading">The model that it is to serve; null once it does.</param>
/// <param name="Stage">Where the device is in its life.</param>
/// <param name="Sequences">Sequences that it still has.</param>
internal sealed record LoadDocument(string Device, string Model, string? Loading, string Stage, int Sequences);
