namespace Crescent.Silo.Api.Wire;

/// <summary>Whether completions can be served.</summary>
/// <param name="Status"><c>ok</c>, <c>joining</c>, <c>waiting_for_store</c>, <c>warming_up</c>, <c>draining</c> or <c>no_devices</c>.</param>
/// <param name="Model">The model that is served.</param>
/// <param name="Silos">Members of the cluster.</param>
/// <param name="Devices">Devices that take work.</param>
/// <param name="Store">Why what keeps membership and state cannot be reached; null while it can.</param>
public sealed record HealthReport(string Status, string Model, int Silos, int Devices, string? Store = null);
