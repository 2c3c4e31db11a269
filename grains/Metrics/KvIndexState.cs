namespace Crescent.Grains.Metrics;

/// <summary>How well this silo knows the devices' caches.</summary>
/// <param name="Devices">Devices it follows.</param>
/// <param name="Stale">Those of them whose events are missing or have not come for too long.</param>
/// <param name="Blocks">Different blocks known.</param>
/// <param name="Predictions">Prompts whose blocks are expected in a moment.</param>
/// <param name="Events">Events applied since start.</param>
/// <param name="Gaps">Times events were missing.</param>
/// <param name="Repairs">Dumps applied.</param>
public sealed record KvIndexState(int Devices, int Stale, int Blocks, int Predictions, long Events, long Gaps, long Repairs);
