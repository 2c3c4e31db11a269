namespace Crescent.Engine.Devices.Simulated;

/// <summary>How long a step takes and what of it the GPU's clock decides.</summary>
/// <param name="Seconds">The whole step.</param>
/// <param name="ComputeSeconds">Kernels bound by compute, at the clock in force.</param>
/// <param name="MemorySeconds">Kernels bound by memory.</param>
/// <param name="OtherSeconds">Links, gaps and the host beyond what the kernels hide.</param>
/// <param name="PrefillShare">Share of the kernels' time that prompts caused, 0 to 1.</param>
public readonly record struct StepTime(double Seconds, double ComputeSeconds, double MemorySeconds, double OtherSeconds, double PrefillShare);
