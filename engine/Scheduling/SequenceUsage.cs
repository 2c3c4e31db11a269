namespace Crescent.Engine.Scheduling;

/// <summary>What a finished sequence took.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens generated, end token included.</param>
/// <param name="QueueTime">From submission to the first step it took part in.</param>
/// <param name="PrefillTime">From then to its first token.</param>
/// <param name="DecodeTime">From its first token to its last.</param>
/// <param name="CachedTokens">Prompt tokens that were taken from the prefix cache instead of being computed.</param>
/// <param name="Joules">Energy of its share of the steps; from the device's power model unless a meter says better.</param>
public sealed record SequenceUsage(
    int PromptTokens, int OutputTokens, int CachedTokens, TimeSpan QueueTime, TimeSpan PrefillTime, TimeSpan DecodeTime, double Joules);
