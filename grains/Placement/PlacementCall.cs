namespace Crescent.Grains.Placement;

/// <summary>What a call needs of a device.</summary>
/// <param name="Number">Counts the calls of this silo; whatever a policy alternates, it alternates by it.</param>
/// <param name="PromptTokens">Tokens to prefill.</param>
/// <param name="MaxTokens">Most tokens to generate.</param>
/// <param name="Avoid">A device (<c>silo/device</c>) that has just refused the call or died with it, or null.</param>
/// <param name="Prefer">A device that has what the call needs, chosen whenever it may take the call; or null.</param>
public readonly record struct PlacementCall(long Number, int PromptTokens, int MaxTokens, string? Avoid = null, string? Prefer = null);
