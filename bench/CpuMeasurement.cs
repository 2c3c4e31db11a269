namespace Crescent.Bench;

/// <summary>Tokens a second of some work, over several runs.</summary>
internal sealed record CpuMeasurement(string Name, double Median, double Best);
