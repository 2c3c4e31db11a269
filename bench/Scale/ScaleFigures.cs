namespace Crescent.Bench.Scale;

/// <summary>What the control plane of a cluster took.</summary>
/// <param name="Devices">Devices that a silo has heard of.</param>
/// <param name="UpSeconds">Until each silo had heard of all devices.</param>
/// <param name="Cores">Processor time of all silos a second, at rest.</param>
/// <param name="ReportsPerSecond">Reports that came in, over all silos.</param>
/// <param name="BytesPerSecond">Their bytes as written for the wire.</param>
/// <param name="AgeP50">Age of what one silo knows of a device, s.</param>
/// <param name="AgeP99">The same, of 99 of 100.</param>
/// <param name="CallsPerSecond">Calls of one token that one silo places and hears the end of.</param>
/// <param name="DeathSeconds">From the kill of a silo until all others know it for dead.</param>
internal sealed record ScaleFigures(
    int Devices, double UpSeconds, double Cores, double ReportsPerSecond, double BytesPerSecond, double AgeP50, double AgeP99, double CallsPerSecond, double DeathSeconds);
