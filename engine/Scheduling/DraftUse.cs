namespace Crescent.Engine.Scheduling;

/// <summary>What an engine's draft model takes.</summary>
/// <param name="Model">Its name.</param>
/// <param name="TotalBlocks">KV blocks that it has beside those of the engine's device.</param>
/// <param name="FreeBlocks">Of those, blocks to be had.</param>
/// <param name="BlockBytes">Bytes of one of them.</param>
/// <param name="Seconds">Time that it has computed since the start, between the steps.</param>
/// <param name="Tokens">Tokens that it has computed, those of prompts among them.</param>
public readonly record struct DraftUse(string Model, int TotalBlocks, int FreeBlocks, long BlockBytes, double Seconds, long Tokens);
