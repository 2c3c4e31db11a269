namespace Crescent.Engine.Power;

/// <summary>What a device draws and has used.</summary>
/// <param name="Watts">Power, over about a second.</param>
/// <param name="Source">Where it comes from; see <see cref="PowerSource"/>.</param>
/// <param name="Age">How old it is.</param>
/// <param name="CapWatts">Power cap that the draw has met: see <see cref="GivenCap"/>.</param>
/// <param name="Joules">Energy since the engine's start.</param>
/// <param name="IdleJoules">Of it what was used while no step ran: nobody is charged for it.</param>
public readonly record struct PowerState(double Watts, string Source, TimeSpan Age, double CapWatts, double Joules, double IdleJoules);
