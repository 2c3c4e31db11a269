using Crescent.Client.Conversations;

namespace Crescent.Client.Json;

/// <summary>What an answer took, as JSON.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CompletionTokens">Tokens of the answer.</param>
/// <param name="TotalTokens">Both.</param>
/// <param name="QueueSeconds">From submission to the first step.</param>
/// <param name="PrefillSeconds">From the first step to the first token.</param>
/// <param name="DecodeSeconds">From the first token to the last.</param>
/// <param name="TokensPerSecond">Speed of decoding; null for an answer of one token.</param>
/// <param name="Joules">Energy attributed to the answer.</param>
/// <param name="JoulesSource">Where the joules come from (<c>model</c>, <c>rapl</c>, <c>nvml</c>); null when the factory does not tell.</param>
/// <param name="Device">Silo and device that computed it.</param>
/// <param name="Simulated">Whether that device is simulated, so that times and joules are modelled.</param>
internal sealed record UsageDocument(
    int PromptTokens,
    int CompletionTokens,
    int TotalTokens,
    double QueueSeconds,
    double PrefillSeconds,
    double DecodeSeconds,
    double? TokensPerSecond,
    double Joules,
    string? JoulesSource,
    string Device,
    bool Simulated)
{
    public static UsageDocument? Of(Answer answer) =>
        answer.Usage is not { } usage
            ? null
            : new UsageDocument(
                usage.PromptTokens,
                usage.CompletionTokens,
                usage.PromptTokens + usage.CompletionTokens,
                usage.QueueSeconds,
                usage.PrefillSeconds,
                usage.DecodeSeconds,
                answer.TokensPerSecond,
                usage.Joules,
                answer.JoulesSource,
                usage.Device,
                usage.Simulated);
}
