namespace Crescent.Sdk;

/// <summary>A call's arguments as the model wrote them, spacing included: sent back so, the next turn's prompt is what the prefix cache has.</summary>
/// <param name="Arguments">JSON.</param>
internal sealed record SaidCall(string Arguments);
