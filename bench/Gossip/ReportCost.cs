namespace Crescent.Bench.Gossip;

/// <summary>What one report cost.</summary>
internal readonly record struct ReportCost(int Bytes, double SendUs, double TakeUs, double HeldUs);
