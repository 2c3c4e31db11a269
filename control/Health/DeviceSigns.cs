namespace Crescent.Control.Health;

/// <summary>What a device's health is judged by.</summary>
/// <param name="AllFailedSteps">Steps that have failed since it was opened.</param>
/// <param name="Steps">Steps since it was opened.</param>
/// <param name="StalledSeconds">For how long there has been work and no step has finished; 0 where there is none to do.</param>
/// <param name="StepForecast">What the newest step was foreseen to take, s; 0 before the first.</param>
/// <param name="LastError">What the newest failed step said.</param>
public readonly record struct DeviceSigns(long AllFailedSteps, long Steps, double StalledSeconds, double StepForecast, string? LastError);
