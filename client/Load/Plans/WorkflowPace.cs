namespace Crescent.Client.Load.Plans;

/// <summary>When workflows of a trace begin, and how long they pause.</summary>
/// <param name="Speed">They begin at their own moments, so many times as fast; null where <paramref name="Arrivals"/> say, or a closed loop.</param>
/// <param name="Arrivals">When they begin; null in a closed loop.</param>
/// <param name="Pauses">Pauses are this many times as long.</param>
internal sealed record WorkflowPace(double? Speed, Arrivals? Arrivals, double Pauses);
