namespace Crescent.Client.Load.Energy;

/// <summary>Power of a factory's devices over the measured part of a run, as its front end tells it (<c>GET /v1/factory</c>).</summary>
/// <param name="Watts">In the mean.</param>
/// <param name="Simulated">Whether some of it is of simulated devices.</param>
/// <param name="Modelled">Whether no meter told some of it.</param>
/// <param name="Readings">How many readings that is the mean of.</param>
internal readonly record struct FactoryWatts(double Watts, bool Simulated, bool Modelled, int Readings);
