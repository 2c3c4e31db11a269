namespace Crescent.Lab.Calibration;

/// <summary>What a simulated run gave.</summary>
/// <param name="TokensPerSecond">Output tokens over the whole simulated time.</param>
/// <param name="Batch">Most sequences at once.</param>
/// <param name="StepTokens">Token budget of a step.</param>
/// <param name="Duration">Simulated time.</param>
/// <param name="Steps">Steps of the engine.</param>
/// <param name="Preemptions">Times a sequence lost its blocks.</param>
public readonly record struct ReplayResult(double TokensPerSecond, int Batch, int StepTokens, TimeSpan Duration, long Steps, long Preemptions);
