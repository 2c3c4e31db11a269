namespace Crescent.Lab.Calibration;

/// <summary>A measured run beside its simulation.</summary>
/// <param name="Row">What was measured.</param>
/// <param name="Replay">What was simulated; null when it could not be.</param>
/// <param name="Fault">Why it could not be; null when it was.</param>
public sealed record CalibratedRow(ThroughputRow Row, ReplayResult? Replay, string? Fault)
{
    /// <summary>Simulated over measured, less 1; null when there is no simulation.</summary>
    public double? Error => Replay is { } replay ? (replay.TokensPerSecond / Row.Measured) - 1 : null;
}
