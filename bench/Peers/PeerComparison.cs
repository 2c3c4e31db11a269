namespace Crescent.Bench.Peers;

/// <summary>A file on two engines.</summary>
/// <param name="Model">Name of the file.</param>
/// <param name="Device">What the CPU device says of itself.</param>
/// <param name="LlamaCpp">The backend that llama.cpp chose.</param>
/// <param name="MemoryLimit">Tokens a second of one sequence if reading the weights were all there is to do.</param>
/// <param name="Measurements">Step by step.</param>
internal sealed record PeerComparison(string Model, string Device, string LlamaCpp, double MemoryLimit, IReadOnlyList<PeerMeasurement> Measurements);

/// <summary>Tokens a second of the same steps.</summary>
internal sealed record PeerMeasurement(string Name, double TokensPerSecond, double LlamaCppTokensPerSecond, double Ratio);
