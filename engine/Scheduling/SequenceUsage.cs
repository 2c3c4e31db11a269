using Crescent.Engine.Power;

namespace Crescent.Engine.Scheduling;

/// <summary>What a finished sequence took.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens generated, end token included.</param>
/// <param name="QueueTime">From submission to the first step it took part in.</param>
/// <param name="PrefillTime">From then to its first token.</param>
/// <param name="DecodeTime">From its first token to its last.</param>
/// <param name="CachedTokens">Prompt tokens that were taken from the prefix cache instead of being computed.</param>
/// <param name="Joules">Energy of its share of the steps, those before a preemption included.</param>
public sealed record SequenceUsage(
    int PromptTokens, int OutputTokens, int CachedTokens, TimeSpan QueueTime, TimeSpan PrefillTime, TimeSpan DecodeTime, double Joules)
{
    /// <summary>Where the joules come from; see <see cref="PowerSource"/>.</summary>
    public string EnergySource { get; init; } = PowerSource.Model;

    /// <summary>Whether a simulated device computed it, so that its times and joules are modelled.</summary>
    public bool Simulated { get; init; }
}
