namespace Crescent.Control.Placement;

/// <summary>What a call would meet on a device and add to it.</summary>
/// <param name="TtftSeconds">Seconds to its first token.</param>
/// <param name="ItlSeconds">Seconds between two tokens, in the mean.</param>
/// <param name="Joules">Energy that it adds.</param>
/// <param name="Watts">Most watts that it adds over the next second.</param>
public readonly record struct CallForecast(double TtftSeconds, double ItlSeconds, double Joules, double Watts);
