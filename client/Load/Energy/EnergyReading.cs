namespace Crescent.Client.Load.Energy;

/// <summary>What a meter of this host counted over a run.</summary>
/// <param name="Source"><c>rapl</c> or <c>nvml</c>.</param>
/// <param name="Joules">Energy of all that it counts, whoever used it; null where it is absent.</param>
/// <param name="Note">What was counted, or why nothing was.</param>
internal sealed record EnergyReading(string Source, double? Joules, string Note);
